"""A life of the sender that ends at a named point: the real program, watched from outside, killed by its own hand.

Nothing in the product knows of this: what it calls (the planning, the transport, sockets, commits) is wrapped here.
"""

import os
import signal
import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Engine, event

import scheduler
from newsletter.delivery import planning, sender
from newsletter.mail import Barrier, Later, Message, Reply, Take
from newsletter.transports.smtp import SmtpTransport

BATCH = 40
"""Claimed at once here, so that each of several senders has something in hand of a few hundred people."""
KEPT = b"kept by the sink"
"""In the sink's answer to a dot, and in no other."""

OPENING = ("before the freeze is committed", "after the freeze")
"""Only a life that opens a mailing comes by here."""
UNDER_WAY = (
    "after a claim",
    "before a commit of the books",
    "after a commit, before the dot",
    "after DATA",
    "after the dot left",
    "after the 250 was read",
)
"""Each life comes by here again and again."""
AT_RANDOM = ("while it starts", "while it sends")
"""Not a point but a moment: the kill comes from outside."""


class Doom(NamedTuple):
    """Where a life ends: when it comes by `point` for the `nth` time, or (AT_RANDOM) some seconds later."""

    point: str
    nth: int = 1
    seconds: float = 0.0


def live(doom: Doom, began: float, again: Path, kind: str) -> int:
    """One pass of the job. After how many seconds its first mail was accepted becomes a line of `again`."""
    watch = _Watch(doom, lambda: _append(again, f"{kind} {time.monotonic() - began:.3f}\n"))
    assert sender._BATCH > BATCH
    sender._BATCH = BATCH
    _after(planning, "open_due", watch.opened)
    _after(socket.socket, "sendmsg", watch.sent)
    _after(socket.socket, "recv", watch.received)
    watch.transport()
    return scheduler.main(["--once"])


class _Watch:
    """Counts how often the points are passed."""

    def __init__(self, doom: Doom, note_first: Callable[[], None]) -> None:
        self._point, self._left = doom.point, doom.nth
        self._note_first = note_first
        self._was_accepted = False

    def opened(self, mailings: list[int], *_: object) -> None:
        if mailings:
            self._pass(OPENING[0])

    def sent(self, count: int, _: object, pieces: Sequence[bytes | memoryview]) -> None:
        """The dot goes first in what is sent with it, or in one go with its body."""
        gone = b"".join(pieces)[:count]
        if b"DATA\r\n" in gone:
            self._pass("after DATA")
        if gone.startswith(b".\r\n") or b"\r\n.\r\n" in gone:
            self._pass("after the dot left")

    def received(self, data: bytes, *_: object) -> None:
        if KEPT in data:
            self._pass("after the 250 was read")

    def transport(self) -> None:
        """The loop that takes messages and asks the books."""
        run = SmtpTransport.run

        def watched(transport: SmtpTransport, take: Take, barrier: Barrier) -> None:
            self._pass("after the freeze")
            event.listen(Engine, "commit", lambda _: self._pass("before a commit of the books"))
            run(transport, self._taking(take), self._asking(barrier))

        SmtpTransport.run = watched  # type: ignore[method-assign, assignment] # that is the wrapping

    def _taking(self, take: Take) -> Take:
        def taking() -> Message | Later | None:
            if message := take():
                self._pass("after a claim")
            return message

        return taking

    def _asking(self, barrier: Barrier) -> Barrier:
        def asking(replies: Sequence[Reply], departing: Sequence[int]) -> frozenset[int]:
            leaving = barrier(replies, departing)
            if leaving:
                self._pass("after a commit, before the dot")
            if not self._was_accepted and any(reply.accepted for reply in replies):
                self._was_accepted = True
                self._note_first()
            return leaving

        return asking

    def _pass(self, point: str) -> None:
        if point != self._point:
            return
        self._left -= 1
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)


def _after(owner: Any, name: str, look: Callable[..., None]) -> None:
    """Have `look` see the result and the arguments of each call."""
    real = getattr(owner, name)

    def watched(*arguments: Any, **options: Any) -> Any:
        result = real(*arguments, **options)
        look(result, *arguments)
        return result

    setattr(owner, name, watched)


def _append(path: Path, line: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(line)
