"""Many SMTP lines at once, on one thread: sockets that never block, and the ledger between them.

Each round hears every line that has something to say, takes what came up to the ledger in one commit, and lets go who
may depart. Whoever speaks during the commit is heard in the next round, so commits are few however many lines.
A second thread for the books was tried: the two waited for one interpreter lock, and it cost more than it gave.
"""

import selectors
import smtplib
import socket
import ssl
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import closing, suppress
from queue import Empty, SimpleQueue

from newsletter.mail import Barrier, Later, Message, Reply, SendError, Take
from newsletter.transports.conversation import BROKE_BEFORE, Conversation, Extensions, Ready, Unwelcome

_BUFFER = 1 << 18
"""Bytes of a socket's own: a whole message leaves in one go."""
_RECORD = 1 << 14
"""Bytes of one TLS record (RFC 8446, section 5.1): what is not sent whole cannot be read by the other side. So much is
read at once, too: answers are short."""
_MOST_AT_ONCE = 1 << 16
"""Bytes of one line that are heard before the others are."""
_LOOK_UP = 1.0
"""Seconds between two looks at the clock while nothing happens."""
_COMES_BACK = 3
"""Lines that may break at one message, unheard, until that is taken for its fault: servers that close after so many
messages do it to several lines at a time."""
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
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        offers = (smtp.has_extn(name) for name in ("pipelining", "size", "smtputf8"))
        self.conversation = Conversation(Extensions(*offers))
        self.is_full = False
        """Whether the system takes no more of what is to be sent for now."""
        self.is_over = False
        """Whether the server hung up; what it had said before counts."""
        self._refused = 0
        """Bytes of the record that was not taken."""
        self.waits_since = time.monotonic()
        """When the server last took or answered something."""

    def read(self) -> bytes:
        """What is there by now; of one who talks without end a part, for others wait to be heard."""
        heard = b""
        try:
            while len(heard) < _MOST_AT_ONCE and not self.is_over:
                piece = self.socket.recv(_RECORD)
                heard += piece
                self.is_over = not piece
                if len(piece) < _RECORD and not isinstance(self.socket, ssl.SSLSocket):  # TLS may hold another record
                    break
        except _NOT_NOW:
            pass
        except OSError:
            self.is_over = True
        return heard

    def flush(self) -> None:
        """Send what can be sent now; the rest stays in `outgoing`."""
        outgoing = self.conversation.outgoing  # by what is left in it is known whether a dot has left
        try:
            while outgoing:
                is_secure = isinstance(self.socket, ssl.SSLSocket)
                sent = self._send_record(outgoing) if is_secure else self.socket.sendmsg(outgoing)
                if sent < sum(map(len, outgoing)):
                    outgoing[:] = [memoryview(b"".join(outgoing))[sent:]]
                else:
                    outgoing.clear()
            self.waits_since = time.monotonic()  # not with each piece: they may be few and small
        except _NOT_NOW:
            pass

    def _send_record(self, outgoing: list[bytes | memoryview]) -> int:
        """A record that TLS did not take is under way already: with more in it, nobody learns that it left."""
        if len(outgoing) > 1:
            outgoing[:] = [memoryview(b"".join(outgoing))]
        record = outgoing[0][: self._refused or _RECORD]
        self._refused = len(record)
        sent = self.socket.send(record)
        self._refused = 0
        return sent

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
        self._came_back: Counter[int] = Counter()
        self._in_vain = 0
        """Lines in a row that were closed before anything was said about any message."""
        self._unanswered = 0
        """Messages in a row that were taken whole, and the line broke instead of an answer."""
        self._replies: list[Reply] = []
        """To be recorded with the next commit."""
        self._departing: dict[int, Line] = {}
        """The message on this line wishes to depart."""
        self._stopped_by: Exception | None = None
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
            while self._goes_on():
                self._round(take, barrier)
        finally:
            self._hang_up()
        if self._stopped_by:
            raise self._stopped_by

    def _goes_on(self) -> bool:
        if self._replies or any(line.conversation.is_busy for line in self._lines):
            return True
        return not self._stopped_by and (bool(self._stock) or not self._is_dry)

    def _round(self, take: Take, barrier: Barrier) -> None:
        """Hear, write down, speak."""
        events = self._selector.select(0 if self._is_restless else self._longest_wait())
        self._is_restless = False
        for key, _ in events:
            if key.data is None:
                self._woken.recv(_RECORD)
            else:
                self._listen(key.data)
        self._answer_the_phone()
        self._record(barrier)
        self._offer()
        self._speak()
        self._hang_up_on_the_silent()
        self._restock(take)

    def _record(self, barrier: Barrier) -> None:
        """Replies and departures in one commit; who may depart is let go."""
        if not (self._replies or self._departing):
            return
        replies, self._replies = self._replies, []
        departing, self._departing = self._departing, {}
        leaving = barrier(replies, list(departing))
        for delivery, line in departing.items():
            if delivery in leaving:
                line.conversation.release()
            else:  # without its dot no server takes a message (RFC 5321, section 4.1.1.4); nothing else ends it
                self._drop(line)

    def _longest_wait(self) -> float:
        until_asked = self._asks_again - time.monotonic()
        return min(until_asked, _LOOK_UP) if until_asked > 0 else _LOOK_UP

    # Messages

    def _restock(self, take: Take) -> None:
        while len(self._stock) < self._most and not (self._is_dry or self._stopped_by):
            if self._asks_again and time.monotonic() < self._asks_again:
                return
            self._is_restless = self._is_restless or not self._stock
            try:
                message = take()
            except Exception as error:  # noqa: BLE001 - `run` raises it again, when what is on the wire has ended
                self._stopped_by = self._stopped_by or error
                return
            if isinstance(message, Later):
                self._asks_again = time.monotonic() + min(message.seconds, _LOOK_UP)
            elif message is None:
                self._is_dry = True
            else:
                self._stock.append(message)

    def _offer(self) -> None:
        """A message to each line that takes one; more lines where messages wait for one."""
        if self._stopped_by:
            return
        for line in self._lines:
            while self._stock and line.conversation.takes_more:
                message = self._stock.popleft()
                if refusal := line.conversation.refusal(message):
                    self._replies.append(refusal)
                else:
                    line.conversation.offer(message)
        while len(self._stock) > self._dialling and len(self._lines) + self._dialling < self._most:
            self._dialling += 1
            threading.Thread(target=self._call, daemon=True).start()

    # Lines

    def _call(self) -> None:
        try:
            self._dialled.put(self._dial())
        except Exception as error:  # noqa: BLE001 - it is heard, or raised again, by the thread that waits for a line
            self._dialled.put(error)
        if self._over:
            self._decline()
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

    def _listen(self, line: Line) -> None:
        happenings = line.conversation.receive(line.read())
        if happenings:
            line.waits_since = time.monotonic()
        for happened in happenings:
            if isinstance(happened, Reply):
                self._in_vain = 0
                if happened.complete:
                    self._unanswered = 0
                self._replies.append(happened)
            elif isinstance(happened, Ready):
                self._in_vain = 0
                self._departing[happened.message.delivery] = line
            elif isinstance(happened, Unwelcome):
                self._stopped_by = self._stopped_by or SendError(happened.why, permanent=True)
        if line.is_over or line.conversation.closing:
            self._lose(line)

    def _speak(self) -> None:
        for line in list(self._lines):
            if not line.conversation.outgoing:
                continue
            try:
                line.flush()
            except OSError:
                self._lose(line)
                continue
            is_full = bool(line.conversation.outgoing)
            if line.is_full != is_full:
                line.is_full = is_full
                wants = selectors.EVENT_READ | (selectors.EVENT_WRITE if is_full else 0)
                self._selector.modify(line.socket, wants, line)

    def _hang_up_on_the_silent(self) -> None:
        now = time.monotonic()
        if now - self._looked < _LOOK_UP:
            return
        self._looked = now
        for line in list(self._lines):
            talk = line.conversation
            limit = self._patience if talk.dotted else self._timeout
            if (talk.waits or talk.outgoing) and now - line.waits_since > limit:
                self._lose(line)

    def _lose(self, line: Line) -> None:
        """A line is gone: what it had is answered for, or goes over another one."""
        self._is_restless = True
        talk = line.conversation
        offered = talk.offered
        if held := talk.held:
            self._departing.pop(held.delivery, None)
            self._replies.append(Reply(held.delivery, None, BROKE_BEFORE, complete=False))
        if end := talk.break_off():
            self._replies.append(end)
            self._unanswered += end.complete
        self._drop(line)
        if offered:
            self._take_back(offered, talk)
        self._judge()

    def _take_back(self, offered: Message, talk: Conversation) -> None:
        """What was offered on a line that is gone goes over another one, unless it may be the reason."""
        if not talk.was_heard:
            self._in_vain += not talk.answered
            self._came_back[offered.delivery] += 1
        if talk.was_heard or (self._came_back[offered.delivery] > _COMES_BACK and not talk.closing):
            self._replies.append(Reply(offered.delivery, None, BROKE_BEFORE, complete=False))
        else:
            self._stock.appendleft(offered)

    def _judge(self) -> None:
        """Some servers are not to be sent to now, and some not before a person had a look: each message is a doubt."""
        in_vain = self._in_vain > 1
        if self._unanswered > (1 if in_vain else self._most):
            why = f"{self._name} takes whole messages and never answers: look at its log, then resume."
            self._have_fewer(SendError(why, permanent=True))
        elif in_vain:
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
        self._decline()
        for end in (self._selector, self._waker, self._woken):
            end.close()

    def _decline(self) -> None:
        """Hang up what was opened too late; who opens and who ends both see to it, so that none is forgotten."""
        with suppress(Empty):
            while True:
                found = self._dialled.get_nowait()
                if isinstance(found, smtplib.SMTP):
                    found.close()
