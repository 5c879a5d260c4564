"""SMTP as a conversation without its connection: bytes in, bytes out, and what happened (RFC 5321, RFC 2920).

The order that the promise rests on is kept here: a message's body may leave once the server wants it, but its
final dot is only written by `release`. With the dot goes the offer of the next message, where the server takes
commands in groups. So at most one message of a line can be in doubt, and a line waits once per message.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from newsletter.mail import Message, Reply
from newsletter.transports.scrub import scrub

_LONGEST_REPLY = 1 << 16
"""Bytes of a line, and..."""
_MOST_LINES = 10_000
"""... lines of an answer, beyond which it is nonsense."""
_SMALL = 4096
"""Bytes up to which commands are put together."""
_MARKS = (b" ", b"-", b"")

BROKE_BEFORE = "the line broke before the last byte"
NO_ANSWER = "no answer after the last byte"


class _Nonsense(Exception):
    """What the server says is no answer to what we asked: the two are out of step, and the line is of no use."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The server wants this message, and its body is on its way: it asks to depart."""

    message: Message


@dataclass(frozen=True, slots=True)
class Unwelcome:
    """The server refuses our own address, whoever the message is for: one sentence why."""

    why: str


Happening = Reply | Ready | Unwelcome


@dataclass(frozen=True, slots=True)
class Extensions:
    """What the server said after EHLO that matters here."""

    pipelining: bool = False
    size: bool = False
    smtputf8: bool = False


class Conversation:
    """One line's side of SMTP, from after the sign-in on. `outgoing` is for whoever holds the line to send."""

    def __init__(self, extensions: Extensions) -> None:
        self._extensions = extensions
        self._received = b""
        self._answer: list[bytes] = []
        """The lines of an answer that goes on."""
        self._unsaid: deque[tuple[str, bytes]] = deque()
        """Commands that wait for the answer to those before."""
        self._expected: deque[str] = deque()
        """What the server owes an answer to."""
        self._unclean = False
        """The last transaction ended badly: the server must forget it first."""
        self._rejected = False
        """Of what is offered: it was refused already, and the answers to what went along do not matter."""
        self.outgoing: deque[bytes | memoryview] = deque()
        self.offered: Message | None = None
        """The server was asked for this one, and did not yet say that it wants it."""
        self.held: Message | None = None
        """The server waits for this one's dot."""
        self.dotted: Message | None = None
        """The server has all of this one, and did not answer yet."""
        self.was_heard = False
        """Whether the server said anything about the message that is offered."""
        self.answered = 0
        """How many messages were answered for on this line."""
        self.closing = False
        """The server closes the line, or talks nonsense: whoever holds it hangs up."""

    @property
    def takes_more(self) -> bool:
        """Whether the next message may be offered now."""
        if self.offered or self.held or self.closing or {"data", "end"} & set(self._expected):
            return False
        return self._extensions.pipelining or not self._expected

    @property
    def waits(self) -> bool:
        """Whether the server owes an answer."""
        return bool(self._expected)

    def refusal(self, message: Message) -> Reply | None:
        """Why this message cannot be offered to this server at all."""
        if message.recipient.isascii() or self._extensions.smtputf8:
            return None
        why = "The mail server does not take addresses with letters outside ASCII (no SMTPUTF8)."
        return Reply(message.delivery, 553, why, complete=False)

    def offer(self, message: Message) -> None:
        """MAIL, RCPT and DATA: at once where the server takes them so (RFC 2920, section 3.1), else one by one."""
        self.offered, self._rejected, self.was_heard = message, False, False
        reset = [("rset", b"RSET\r\n")] if self._unclean else []
        recipient = _path("RCPT TO", message.recipient)
        self._unclean = False
        self._unsaid.extend([*reset, ("mail", self._mail(message)), ("rcpt", recipient), ("data", b"DATA\r\n")])
        self._say_next(len(self._unsaid) if self._extensions.pipelining else 1)

    def release(self) -> None:
        """The final dot of the message that is held. From here on, silence is doubt."""
        self.dotted, self.held = self.held, None
        self._expected.append("dot")
        self._write(b".\r\n")

    def quit(self) -> None:
        """Goodbye; its answer is not waited for."""
        self._write(b"QUIT\r\n")

    def receive(self, data: bytes) -> list[Happening]:
        """What the server said, however it was cut up on the way; nothing counts after it closed."""
        *lines, self._received = (self._received + data).split(b"\n")
        happened: list[Happening] = []
        try:
            if len(self._received) > _LONGEST_REPLY or len(self._answer) > _MOST_LINES:
                raise _Nonsense
            for line in lines:
                if self.closing:
                    break
                happened += self._line(line)
        except _Nonsense:
            self.closing = True
            self.was_heard = self.was_heard or self.dotted is None
        return happened

    @property
    def is_busy(self) -> bool:
        """Whether something is on its way, or waits for it."""
        return bool(self.offered or self.held or self._expected or self.outgoing)

    def break_off(self) -> Reply | None:
        """The line is gone: the doubt about what was dotted, if anything was."""
        doubt = Reply(self.dotted.delivery, None, NO_ANSWER, complete=True) if self.dotted else None
        self.dotted = self.held = self.offered = None
        self._expected.clear()
        self.outgoing.clear()
        return doubt

    def _mail(self, message: Message) -> bytes:
        options = b""
        if not message.recipient.isascii():
            options = b" SMTPUTF8 BODY=8BITMIME"  # RFC 6531, section 3.4
        if self._extensions.size:
            options += b" SIZE=%d" % len(message.data)  # RFC 1870
        return _path("MAIL FROM", message.sender, options)

    def _say_next(self, most: int) -> None:
        for _ in range(min(most, len(self._unsaid))):
            kind, command = self._unsaid.popleft()
            self._expected.append(kind)
            self._write(command)

    def _write(self, command: bytes) -> None:
        """Small ones leave together."""
        last = self.outgoing[-1] if self.outgoing else None
        if isinstance(last, bytes) and len(last) < _SMALL:
            self.outgoing[-1] = last + command
        else:
            self.outgoing.append(command)

    def _line(self, line: bytes) -> Sequence[Happening]:
        """One line of an answer; those with a hyphen go on (RFC 5321, section 4.2.1)."""
        line = line.rstrip(b"\r")
        code, mark = line[:3], line[3:4]
        if len(code) < 3 or not code.isdigit() or mark not in _MARKS or (self._answer and self._answer[0][:3] != code):
            raise _Nonsense
        self._answer.append(line)
        if mark == b"-":
            return ()
        words = b" ".join([part[4:] for part in self._answer])
        self._answer.clear()
        return self._answered(int(code), words)

    def _answered(self, code: int, words: bytes) -> Sequence[Happening]:
        if code == 421:  # RFC 5321, section 3.8: the server is closing the line, whatever it was asked
            self.closing = True
        if not self._expected:
            if self.closing:
                return ()
            raise _Nonsense
        kind = self._expected.popleft()
        if kind in ("rset", "end"):
            self._say_next(1)
            return ()
        return self._WHAT_NEXT[kind](self, code, words)

    def _to_mail(self, code: int, words: bytes) -> Sequence[Happening]:
        if code == 421:
            return ()  # an idle line is closed: that is not about this message
        message = self._in_question()
        # 552 means this message's size (RFC 1870), and SMTPUTF8 this recipient; all else means all of ours.
        if 500 <= code < 600 and code != 552 and message.recipient.isascii():
            self.closing = True
            said = f"{code} {scrub(words, message.recipient)}"
            return (Unwelcome(f"The mail server refuses our sender address ({said}): check FROM."),)
        return self._to_rcpt(code, words)

    def _to_rcpt(self, code: int, words: bytes) -> Sequence[Happening]:
        if self._rejected:  # it follows from the answer to MAIL
            return ()
        self.was_heard = True
        if _good(code):
            self._say_next(1)
            return ()
        return self._reject(code, words)

    def _to_data(self, code: int, words: bytes) -> Sequence[Happening]:
        if self._rejected:
            if code == 354:  # it wants a message for nobody, and gets an empty one (RFC 2920, section 3.1)
                self._write(b".\r\n")
                self._expected.append("end")
            return ()
        if code != 354:
            return self._reject(code, words)
        self.held, self.offered = self._in_question(), None
        self.outgoing.append(self.held.data)
        return (Ready(self.held),)

    def _reject(self, code: int, words: bytes) -> Sequence[Happening]:
        """What is offered is not taken, and settled; the answers to what went along are still to come."""
        message = self._in_question()
        if not 400 <= code < 600:
            raise _Nonsense  # a yes without a whole message is no answer to us
        self._rejected = self._unclean = True
        self._unsaid.clear()
        self.offered = None
        self.answered += 1
        return (Reply(message.delivery, code, scrub(words, message.recipient), complete=False),)

    def _to_dot(self, code: int, words: bytes) -> Sequence[Happening]:
        if self.dotted is None or not (_good(code) or 400 <= code < 600):
            raise _Nonsense
        message, self.dotted = self.dotted, None
        self.answered += 1
        return (Reply(message.delivery, code, scrub(words, message.recipient), complete=True),)

    def _in_question(self) -> Message:
        if self.offered is None:
            raise _Nonsense
        return self.offered

    _WHAT_NEXT: ClassVar = {"mail": _to_mail, "rcpt": _to_rcpt, "data": _to_data, "dot": _to_dot}


def _path(command: str, address: str, options: bytes = b"") -> bytes:
    return f"{command}:<{address}>".encode() + options + b"\r\n"


def _good(code: int) -> bool:
    return 200 <= code < 300
