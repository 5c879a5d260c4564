"""Many SMTP lines at once, on one thread: sockets that never block, the ledger asked from a thread of its own.

While the ledger writes "attempting" for some lines (an fsync, outside the interpreter's lock), others talk. Replies and
departures that come up meanwhile go into its next commit together, so commits are few however many lines there are.
"""

import selectors
import smtplib
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from queue import SimpleQueue
from types import TracebackType

from newsletter.mail import Barrier, Later, Message, Reply, SendError, Take
from newsletter.transports.conversation import BROKE_BEFORE, Conversation, Extensions, Ready, Unwelcome

_PIECE = 1 << 18
"""Bytes read at once, and of a socket's own buffer: a whole message leaves in one go."""
_LOOK_UP = 1.0
"""Seconds between two looks at the clock while nothing happens."""
_NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

Dial = Callable[[], smtplib.SMTP]
"""Opens, secures and signs in to one connection; it may take its time. Raises SendError."""


class Line:
    """One open connection and its conversation."""

    def __init__(self, smtp: smtplib.SMTP) -> None:
        self._smtp = smtp
        self.socket = _open(smtp)
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a dot does not wait for the body
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _PIECE)
        offers = (smtp.has_extn(name) for name in ("pipelining", "size", "smtputf8"))
        self.conversation = Conversation(Extensions(*offers))
        self.waits_since = time.monotonic()
        """When the server last took or answered something."""

    def read(self) -> bytes:
        """All that is there by now; ConnectionError at its end."""
        pieces = []
        with suppress(*_NOT_NOW):
            while piece := self.socket.recv(_PIECE):
                pieces.append(piece)
                if len(piece) < _PIECE and not isinstance(self.socket, ssl.SSLSocket):
                    return b"".join(pieces)
            if not pieces:
                raise ConnectionError
        return b"".join(pieces)

    def flush(self) -> None:
        """Send what can be sent now; the rest stays in `outgoing`."""
        outgoing = self.conversation.outgoing
        with suppress(*_NOT_NOW):
            while outgoing:
                sent = self.socket.send(outgoing[0])
                self.waits_since = time.monotonic()
                if sent < len(outgoing[0]):
                    outgoing[0] = memoryview(outgoing[0])[sent:]
                else:
                    outgoing.popleft()

    def close(self) -> None:
        """Hang up; with a goodbye where nobody is in the middle of something."""
        talk = self.conversation
        with suppress(OSError), closing(self._smtp):
            if not (talk.is_busy or talk.closing):
                talk.quit()
                self.flush()


def _open(smtp: smtplib.SMTP) -> socket.socket:
    if smtp.sock is None:
        raise ConnectionError
    return smtp.sock


class _Clerk:
    """Takes replies and wishes to depart to the ledger, one commit at a time, in a thread of its own."""

    def __init__(self, barrier: Barrier, wake: Callable[[], None]) -> None:
        self._barrier = barrier
        self._wake = wake
        self._thread = ThreadPoolExecutor(1, "ledger")
        self._replies: list[Reply] = []
        self._departing: dict[int, Line] = {}
        self._asked: dict[int, Line] = {}
        self._answer: Future[frozenset[int]] | None = None

    def __enter__(self) -> "_Clerk":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._thread.shutdown()

    @property
    def is_busy(self) -> bool:
        return bool(self._answer or self._replies or self._departing)

    def note(self, reply: Reply) -> None:
        """To be recorded with the next commit."""
        self._replies.append(reply)

    def ask(self, message: Message, line: Line) -> None:
        """The message on this line wishes to depart."""
        self._departing[message.delivery] = line

    def answers(self) -> Iterable[tuple[int, Line, bool]]:
        """Who may depart and who may not, where the ledger has spoken. Raises what the barrier raised."""
        if self._answer is None or not self._answer.done():
            return ()
        leaving = self._answer.result()
        asked, self._asked, self._answer = self._asked, {}, None
        return [(delivery, line, delivery in leaving) for delivery, line in asked.items()]

    def go(self) -> None:
        """Give the ledger what came up, unless it is still writing."""
        if self._answer is None and (self._replies or self._departing):
            replies, self._replies = self._replies, []
            self._asked, self._departing = self._departing, {}
            self._answer = self._thread.submit(self._barrier, replies, list(self._asked))
            self._answer.add_done_callback(lambda _: self._wake())


class Exchange:
    """One run of a transport: messages are taken and sent until there are none."""

    def __init__(self, dial: Dial, name: str, most: int, timeout: float, patience: float) -> None:
        self._dial = dial
        self._name = name
        self._most = most
        self._timeout = timeout
        self._patience = patience
        self._lines: set[Line] = set()
        self._dialling = 0
        self._dialled: SimpleQueue[smtplib.SMTP | Exception] = SimpleQueue()
        self._over = False
        self._stock: deque[Message] = deque()
        """Made while servers think, so that a line never waits for a message to be made."""
        self._is_dry = False
        self._asks_again = 0.0
        """When to ask for a message again, after "later": soon, for who is told to stop says so there."""
        self._came_back: set[int] = set()
        self._in_vain = 0
        """Lines in a row that were closed before anything was said about any message."""
        self._stopped_by: SendError | None = None
        self._looked = time.monotonic()
        self._is_restless = True
        """Something came up that the next round can go on with at once."""
        self._selector = selectors.DefaultSelector()
        self._waker, self._woken = socket.socketpair()

    def run(self, take: Take, barrier: Barrier) -> None:
        """See `newsletter.mail.Transport`."""
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ, None)
        try:
            with _Clerk(barrier, self._wake) as clerk:
                while self._goes_on(clerk):
                    self._round(take, clerk)
        finally:
            self._hang_up()
        if self._stopped_by:
            raise self._stopped_by

    def _goes_on(self, clerk: _Clerk) -> bool:
        if clerk.is_busy or any(line.conversation.is_busy for line in self._lines):
            return True
        return not self._stopped_by and (bool(self._stock) or not self._is_dry)

    def _round(self, take: Take, clerk: _Clerk) -> None:
        """Everything that can be done without waiting, in the order in which lines wait least."""
        events = self._selector.select(0 if self._is_restless else self._longest_wait())
        self._is_restless = False
        for key, _ in events:
            if key.data is None:
                self._woken.recv(_PIECE)
            else:
                self._listen(key.data, clerk)
        self._answer_the_phone()
        for delivery, line, may_depart in clerk.answers():
            self._depart(delivery, line, may_depart, clerk)
        self._offer(clerk)
        clerk.go()
        self._speak(clerk)
        self._hang_up_on_the_silent(clerk)
        if not (self._is_dry or self._stopped_by or len(self._stock) >= self._most):
            self._restock(take)

    def _longest_wait(self) -> float:
        until_asked = self._asks_again - time.monotonic()
        return min(until_asked, _LOOK_UP) if until_asked > 0 else _LOOK_UP

    # Messages

    def _restock(self, take: Take) -> None:
        if time.monotonic() < self._asks_again:
            return
        self._is_restless = True
        message = take()
        if isinstance(message, Later):
            self._asks_again = time.monotonic() + min(message.seconds, _LOOK_UP)
        elif message is None:
            self._is_dry = True
        else:
            self._stock.append(message)

    def _offer(self, clerk: _Clerk) -> None:
        """A message to each line that takes one; more lines where messages wait for one."""
        if self._stopped_by:
            return
        for line in self._lines:
            while self._stock and line.conversation.takes_more:
                message = self._stock.popleft()
                if refusal := line.conversation.refusal(message):
                    clerk.note(refusal)
                else:
                    line.conversation.offer(message)
        while len(self._stock) > self._dialling and len(self._lines) + self._dialling < self._most:
            self._dialling += 1
            threading.Thread(target=self._call, daemon=True).start()

    def _depart(self, delivery: int, line: Line, may_depart: bool, clerk: _Clerk) -> None:
        held = line.conversation.held
        if held is None or held.delivery != delivery:  # the line broke meanwhile
            if may_depart:
                clerk.note(Reply(delivery, None, BROKE_BEFORE, complete=False))
        elif may_depart:
            line.conversation.release()
        else:  # without its dot no server takes a message (RFC 5321, section 4.1.1.4); there is no other way to end it
            self._drop(line)

    # Lines

    def _call(self) -> None:
        try:
            smtp = self._dial()
        except Exception as error:  # noqa: BLE001 - it is heard, or raised again, by the thread that waits for a line
            self._dialled.put(error)
        else:
            if self._over:
                smtp.close()
            self._dialled.put(smtp)
        self._wake()

    def _answer_the_phone(self) -> None:
        """Lines that were opened join; where none can be had, those there are go on alone."""
        while not self._dialled.empty():
            found = self._dialled.get()
            self._dialling -= 1
            if isinstance(found, SendError):
                self._have_fewer(found)
            elif isinstance(found, Exception):
                raise found
            else:
                line = Line(found)
                self._lines.add(line)
                self._selector.register(line.socket, selectors.EVENT_READ, line)

    def _have_fewer(self, why: SendError) -> None:
        others = len(self._lines) + self._dialling
        if others and not why.permanent:
            self._most = min(self._most, others)
        else:
            self._stopped_by = self._stopped_by or why

    def _listen(self, line: Line, clerk: _Clerk) -> None:
        try:
            heard = line.read()
        except OSError:
            self._lose(line, clerk)
            return
        for happened in line.conversation.receive(heard):
            line.waits_since = time.monotonic()
            if isinstance(happened, Reply):
                self._in_vain = 0
                clerk.note(happened)
            elif isinstance(happened, Ready):
                self._in_vain = 0
                clerk.ask(happened.message, line)
            elif isinstance(happened, Unwelcome):
                self._stopped_by = self._stopped_by or SendError(happened.why, permanent=True)
        if line.conversation.closing:
            self._lose(line, clerk)

    def _speak(self, clerk: _Clerk) -> None:
        for line in list(self._lines):
            if not line.conversation.outgoing:
                continue
            try:
                line.flush()
            except OSError:
                self._lose(line, clerk)
                continue
            wants = selectors.EVENT_READ | (selectors.EVENT_WRITE if line.conversation.outgoing else 0)
            if self._selector.get_key(line.socket).events != wants:
                self._selector.modify(line.socket, wants, line)

    def _hang_up_on_the_silent(self, clerk: _Clerk) -> None:
        now = time.monotonic()
        if now - self._looked < _LOOK_UP:
            return
        self._looked = now
        for line in list(self._lines):
            talk = line.conversation
            limit = self._patience if talk.dotted else self._timeout
            if (talk.waits or talk.outgoing) and now - line.waits_since > limit:
                self._lose(line, clerk)

    def _lose(self, line: Line, clerk: _Clerk) -> None:
        """A line is gone: what it had is answered for, or goes over another one."""
        self._is_restless = True
        talk = line.conversation
        offered = talk.offered
        if doubt := talk.break_off():
            clerk.note(doubt)
        self._drop(line)
        if offered is None:
            return
        if talk.was_heard:
            clerk.note(Reply(offered.delivery, None, BROKE_BEFORE, complete=False))
            return
        self._in_vain += not talk.answered
        if offered.delivery in self._came_back and not talk.closing:
            clerk.note(Reply(offered.delivery, None, BROKE_BEFORE, complete=False))  # perhaps it is about this one
        else:
            self._came_back.add(offered.delivery)
            self._stock.appendleft(offered)
        if self._in_vain > 1:
            self._have_fewer(SendError(f"{self._name} closes the line at once; try again later.", permanent=False))

    def _drop(self, line: Line) -> None:
        self._lines.discard(line)
        self._selector.unregister(line.socket)
        line.close()

    def _wake(self) -> None:
        with suppress(OSError):  # a full pipe wakes as well; a closed one needs no waking
            self._waker.send(b"!")

    def _hang_up(self) -> None:
        self._over = True
        for line in list(self._lines):
            self._drop(line)
        while not self._dialled.empty():
            found = self._dialled.get()
            if isinstance(found, smtplib.SMTP):
                found.close()
        for end in (self._selector, self._waker, self._woken):
            end.close()
