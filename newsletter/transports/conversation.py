"""SMTP as a conversation without its connection: bytes in, bytes out, and what happened (RFC 5321, RFC 2920).

The order that the promise rests on is kept here: a message leaves, and its final dot with it, only when `release`
says so. With the dot goes the offer of the next message, where the server takes commands in groups. So at most one
message of a line can be in doubt, and a line waits once per message.
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
_CODES = {b"%03d " % code: code for code in range(1000)}
"""Of an answer's only line, or its last."""
_OF_THE_LAST = frozenset(("data", "end"))
"""Answers still to come about a message that was refused: the next one has to wait for them."""

BROKE_BEFORE = "the line broke before the last byte"
NO_ANSWER = "no answer after the last byte"


class _Nonsense(Exception):
    """What the server says is no answer to what we asked: the two are out of step, and the line is of no use."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The server wants this message: it asks to depart."""

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
        self.outgoing: list[bytes | memoryview] = []
        """What is to be sent; whoever sends puts back what is left."""
        self._behind_dot = 0
        """Bytes of `outgoing` that were written after the last dot."""
        self.offered: Message | None = None
        """The server was asked for this one, and did not yet say that it wants it."""
        self.held: Message | None = None
        """The server waits for this one."""
        self.dotted: Message | None = None
        """This one was let go, and not answered for yet."""
        self.was_heard = False
        """Whether the server said anything about the message that is offered."""
        self.answered = 0
        """How many messages were answered for on this line."""
        self.closing = False
        """The server closes the line, or talks nonsense: whoever holds it hangs up."""

    @property
    def takes_more(self) -> bool:
        """Whether the next message may be offered now."""
        if self.offered or self.held or self.closing:
            return False
        return not self._expected or (self._extensions.pipelining and not _OF_THE_LAST & set(self._expected))

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
        kinds = ["mail", "rcpt", "data"]
        commands = [self._mail(message), f"RCPT TO:<{message.recipient}>\r\n".encode(), b"DATA\r\n"]
        if self._unclean:
            kinds.insert(0, "rset")
            commands.insert(0, b"RSET\r\n")
        self._unclean = False
        if self._extensions.pipelining:
            self._expected.extend(kinds)
            self._write(b"".join(commands))
        else:
            self._unsaid.extend(zip(kinds, commands, strict=True))
            self._say_next()

    def release(self) -> None:
        """Let the message leave that is held. Once its dot has left, silence is doubt."""
        message, self.held = self._of(self.held), None
        self.dotted = message
        self._expected.append("dot")
        self.outgoing += (message.data, b".\r\n")
        self._behind_dot = 0

    def quit(self) -> None:
        """Goodbye; its answer is not waited for."""
        self._write(b"QUIT\r\n")

    def receive(self, data: bytes) -> list[Happening]:
        """What the server said, however it was cut up on the way; nothing counts after it closed."""
        *lines, self._received = (self._received + data).replace(b"\r\n", b"\n").split(b"\n")
        happened: list[Happening] = []
        try:
            if len(self._received) > _LONGEST_REPLY or len(self._answer) > _MOST_LINES:
                raise _Nonsense
            for line in lines:
                if self.closing:
                    break
                code, words = _CODES.get(line[:4]), line[4:]
                if code is None or self._answer:
                    code, words = self._more(line)
                    if self._answer:
                        continue
                self.closing = code == 421  # RFC 5321, section 3.8: whatever it was asked
                if self._expected:
                    happened += self._WHAT_NEXT[self._expected.popleft()](self, code, words)
                elif not self.closing:
                    raise _Nonsense
        except _Nonsense:
            self.closing = True
            self.was_heard = self.was_heard or self.dotted is None
        return happened

    @property
    def is_busy(self) -> bool:
        """Whether something is on its way, or waits for it."""
        return bool(self.offered or self.held or self._expected or self.outgoing)

    def break_off(self) -> Reply | None:
        """The line is gone: what became of the message that was let go, if one was. In doubt, if its dot has left."""
        end = None
        if self.dotted:
            has_left = self._dot_has_left
            end = Reply(self.dotted.delivery, None, NO_ANSWER if has_left else BROKE_BEFORE, complete=has_left)
        self.dotted = self.held = self.offered = None
        self._expected.clear()
        self.outgoing.clear()
        return end

    @property
    def _dot_has_left(self) -> bool:
        return not self.outgoing or sum(map(len, self.outgoing)) <= self._behind_dot

    def _mail(self, message: Message) -> bytes:
        # RFC 6531, section 3.4, and RFC 1870
        intended = "" if message.recipient.isascii() else " SMTPUTF8 BODY=8BITMIME"
        size = f" SIZE={len(message.data)}" if self._extensions.size else ""
        return f"MAIL FROM:<{message.sender}>{intended}{size}\r\n".encode()

    def _say_next(self) -> None:
        if self._unsaid:
            kind, command = self._unsaid.popleft()
            self._expected.append(kind)
            self._write(command)

    def _write(self, command: bytes) -> None:
        self.outgoing.append(command)
        self._behind_dot += len(command)

    def _more(self, line: bytes) -> tuple[int, bytes]:
        """What an answer of several lines says, once it is whole; a hyphen goes on (RFC 5321, section 4.2.1)."""
        code, mark = _CODES.get(line[:3] + b" "), line[3:4]
        self._answer.append(line)
        if code is None or mark not in (b" ", b"-", b"") or self._answer[0][:3] != line[:3]:
            raise _Nonsense
        if mark == b"-":
            return code, b""
        words = b" ".join([part[4:] for part in self._answer])
        self._answer.clear()
        return code, words

    def _to_reset(self, _code: int, _words: bytes) -> Sequence[Happening]:
        self._say_next()
        return ()

    def _to_mail(self, code: int, words: bytes) -> Sequence[Happening]:
        if code == 421:  # an idle line is closed: that is not about this message
            return ()
        # 552 means this message's size (RFC 1870), and SMTPUTF8 this recipient; all else means all of ours.
        if 500 <= code < 600 and code != 552 and (message := self._of(self.offered)).recipient.isascii():
            self.closing = True
            said = f"{code} {scrub(words, message.recipient)}"
            return (Unwelcome(f"The mail server refuses our sender address ({said}): check FROM."),)
        return self._to_rcpt(code, words)

    def _to_rcpt(self, code: int, words: bytes) -> Sequence[Happening]:
        if self._rejected:  # it follows from the answer to MAIL
            return ()
        self.was_heard = True
        if not 200 <= code < 300:
            return self._reject(code, words)
        if self._unsaid:
            self._say_next()
        return ()

    def _to_data(self, code: int, words: bytes) -> Sequence[Happening]:
        if self._rejected:
            if code == 354:  # it wants a message for nobody, and gets an empty one (RFC 2920, section 3.1)
                self._write(b".\r\n")
                self._expected.append("end")
            return ()
        if code != 354:
            return self._reject(code, words)
        self.held, self.offered = self._of(self.offered), None
        return (Ready(self.held),)

    def _reject(self, code: int, words: bytes) -> Sequence[Happening]:
        """What is offered is not taken, and settled; the answers to what went along are still to come."""
        message = self._of(self.offered)
        if not 400 <= code < 600:
            raise _Nonsense  # a yes without a whole message is no answer to us
        self._rejected = self._unclean = True
        self._unsaid.clear()
        self.offered = None
        self.answered += 1
        return (Reply(message.delivery, code, scrub(words, message.recipient), complete=False),)

    def _to_dot(self, code: int, words: bytes) -> Sequence[Happening]:
        message, has_left = self.dotted, self._dot_has_left
        if message is None or not (400 <= code < 600 or (200 <= code < 300 and has_left)):
            raise _Nonsense
        self.closing = self.closing or not has_left  # the rest of it may be taken for commands
        self.dotted = None
        self.answered += 1
        return (Reply(message.delivery, code, scrub(words, message.recipient), complete=True),)

    @staticmethod
    def _of(message: Message | None) -> Message:
        if message is None:
            raise _Nonsense
        return message

    _WHAT_NEXT: ClassVar = {
        "rset": _to_reset,
        "mail": _to_mail,
        "rcpt": _to_rcpt,
        "data": _to_data,
        "dot": _to_dot,
        "end": _to_reset,
    }
