"""The words that delivery and transports share; neither knows the other."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol, runtime_checkable

_STATUS = re.compile(r"(?:^|[#(\[])([245]\.\d{1,3}\.\d{1,3})(?!\.?\d)")
"""At the beginning (RFC 2034), or marked anywhere: "(#5.1.8)", as qmail has it. An IP address is none."""

_QUOTED = 160


class SendError(Exception):
    """The way out itself does not work: nothing is wrong with any one message.

    `permanent` says whether trying again can help without a person changing something first.
    """

    def __init__(self, message: str, *, permanent: bool) -> None:
        super().__init__(message)
        self.permanent = permanent


class Message(NamedTuple):
    """One finished mail for one person."""

    delivery: int
    """The delivery's number, by which replies come back."""
    sender: str
    """The envelope's sender: an address, ASCII."""
    recipient: str
    """The envelope's recipient: the domain as A-labels; the local part may need SMTPUTF8."""
    data: bytes
    """The whole message: CRLF line ends, also the last, and no line begins with a dot (RFC 5321, section 4.5.2).

    `newsletter.mime` writes it so, and the last look holds it to it.
    """


class Reply(NamedTuple):
    """What became of one message."""

    delivery: int
    code: int | None
    """The SMTP reply code, or its like; nothing where no answer came."""
    text: str
    """The server's words, without any address."""
    complete: bool
    """Whether the whole message may have left: without an answer, that is the doubt."""

    @property
    def accepted(self) -> bool:
        return self.code is not None and 200 <= self.code < 300

    @property
    def refused(self) -> bool:
        """Refused for good (RFC 5321, section 4.2.1)."""
        return self.code is not None and 500 <= self.code < 600

    @property
    def status(self) -> str:
        """The enhanced status code in the words, like `5.1.1`; empty where there is none, or one of another class than
        the reply code."""
        found = _STATUS.search(self.text)
        return found[1] if found and found[1][0] == str(self.code)[0] else ""

    @property
    def said(self) -> str:
        """The code and the words, short enough to be quoted in a sentence."""
        return f"{self.code} {self.text}"[:_QUOTED].strip()


@dataclass(frozen=True, slots=True)
class Later:
    """No message now, but ask again in so many seconds: the pace asks for it, or the way out is to be left free."""

    seconds: float


Take = Callable[[], Message | Later | None]
"""Gives the next claimed message, or says to ask again later, or gives nothing where there is none.

Where it raises, so does the transport, once what is on the wire is answered for.
"""

Barrier = Callable[[Sequence[Reply], Sequence[int]], frozenset[int]]
"""Returns once the replies are recorded and the departing deliveries are marked "attempting", both durable.

What comes back are the deliveries that may depart: someone may have left a moment ago.
Where it raises, nothing may depart.
"""


class Transport(Protocol):
    """A way out. It is a loop, not a call, so that pipelines and batches fit it alike."""

    def run(self, take: Take, barrier: Barrier) -> None:
        """Send until `take` gives nothing; where it says "later", lines stay open.

        Raises SendError where the way out itself does not work; messages taken and not answered for then count as
        not sent, unless `barrier` let them depart.
        """


@dataclass(frozen=True, slots=True)
class Testimony:
    """What a way out can prove about a message that no answer came for."""

    taken: bool
    """It took responsibility for it, or refused it for good."""
    text: str
    """How it knows, without any address."""


@runtime_checkable
class Witness(Protocol):
    """A way out that can be asked afterwards."""

    def testify(self, doubts: Mapping[str, datetime]) -> Iterator[tuple[str, Testimony]]:
        """Of messages by their Message-ID (without brackets) and when they left: what is known by now, one by one.

        What it does not know is no proof that it was not taken. Raises SendError where it cannot be asked.
        """
