"""A provider's API as a way out: one request for each message, several at once, in the order that the promise asks for.

Nothing here knows a provider: `newsletter.transports.mailgun` says how one request is made and what its answer means.
"Attempting" is durable before a request leaves, and its answer goes to the ledger with the next departure. Threads that
have something for the ledger at the same time share one commit. So at most one message of a line is ever in doubt.
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

from newsletter.mail import Barrier, Later, Message, Reply, SendError, Take

_NAP = 0.5
"""Seconds between two looks whether it goes on; who is told to stop says so by giving no message."""
_SHORT = 10.0
"""Seconds that a run may rest; where it is to be longer, the run ends, and the next one asks how long still."""
_LONGEST = 900.0
"""Seconds of a rest that nobody asked us for."""


@dataclass(frozen=True)
class Answer:
    """What became of one request."""

    reply: Reply
    trouble: SendError | None = None
    """What is the matter with the way out itself, where something is. A permanent one ends the run."""
    wait: float | None = None
    """For how many seconds the provider asks us to be quiet; without it a trouble's rest grows with each in a row."""


class Line(Protocol):
    """A connection that is kept open."""

    def send(self, message: Message) -> Answer:
        """Make the request, and say what became of it; this raises nothing."""

    def close(self) -> None:
        """Hang up."""


class Rest:
    """When the next request may leave: kept by a transport for all its runs, whatever they send."""

    def __init__(self, first: float) -> None:
        self._first = first
        self._lock = threading.Lock()
        self._until = 0.0
        self._in_a_row = 0
        self.why = ""
        """What was the matter, in a sentence."""

    @property
    def left(self) -> float:
        """Seconds to wait."""
        return max(self._until - time.monotonic(), 0.0)

    @property
    def is_shaky(self) -> bool:
        """Whether the last request went wrong: then they go one by one, until one is answered as it should be."""
        return self._in_a_row > 0

    def heed(self, answer: Answer) -> None:
        """Learn from an answer; what went wrong at the same time as others counts once."""
        with self._lock:
            if answer.trouble is None:
                self._in_a_row = 0
            elif answer.wait is not None or not self.left:
                grown = min(self._first * 2**self._in_a_row, _LONGEST)
                wait = grown if answer.wait is None else answer.wait
                self._until = max(self._until, time.monotonic() + wait)
                self._in_a_row = min(self._in_a_row + 1, 20)
                self.why = str(answer.trouble)


class _Counter:
    """Where threads meet before the ledger: one takes a message while one writes, for all who came until then."""

    def __init__(self, take: Take, barrier: Barrier) -> None:
        self.take = take
        self._barrier = barrier
        self._writing = threading.Lock()
        self._meeting = threading.Lock()
        self._batch = _Batch()

    def tell(self, replies: Sequence[Reply], departing: Sequence[int] = ()) -> frozenset[int]:
        """Returns those of all who departed together, once it is durable. Raises what the barrier raised."""
        if not replies and not departing:
            return frozenset()
        with self._meeting:
            batch = self._batch
            batch.replies += replies
            batch.departing += departing
        with self._writing:
            if not batch.written.done():
                with self._meeting:
                    self._batch = _Batch()
                batch.write(self._barrier)
        return batch.written.result()


class _Batch:
    """What goes into one commit."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.departing: list[int] = []
        self.written: Future[frozenset[int]] = Future()

    def write(self, barrier: Barrier) -> None:
        try:
            self.written.set_result(barrier(self.replies, self.departing))
        except BaseException as error:  # noqa: BLE001 - it is raised again in every thread that waits for it
            self.written.set_exception(error)


class Calls:
    """One run of a transport.

    The first request goes alone, and so does each after a trouble: a wrong key is then found out with one person, and
    a provider that is down puts one person in doubt each time we try, not one for each line.
    """

    def __init__(self, dial: Callable[[], Line], most: int, rest: Rest) -> None:
        self._dial = dial
        self._most = most
        self._rest = rest
        self._taking = threading.Lock()
        self._is_dry = False
        self._stopped_by: BaseException | None = None
        self._hired = 0

    def run(self, take: Take, barrier: Barrier) -> None:
        """See `newsletter.mail.Transport`."""
        counter = _Counter(take, barrier)
        with ThreadPoolExecutor(self._most, "call") as pool:
            self._work(counter, pool)
        if self._stopped_by:
            raise self._stopped_by

    def _work(self, counter: _Counter, pool: ThreadPoolExecutor | None) -> None:
        """Send until there is nothing, or only one may; who has the pool is the first, and calls others to help."""
        try:
            with closing(self._dial()) as line:
                self._send(counter, line, pool)
        except BaseException as error:  # noqa: BLE001 - `run` raises it again when all lines have ended
            self._stop(error)
        if pool is None:
            with self._taking:
                self._hired -= 1

    def _send(self, counter: _Counter, line: Line, pool: ThreadPoolExecutor | None) -> None:
        replies: list[Reply] = []
        while found := self._next(counter, helps=pool is None):
            if isinstance(found, Later):
                counter.tell(replies)
                replies = []
                time.sleep(min(found.seconds, _NAP))
                continue
            departed = counter.tell(replies, [found.delivery])
            replies = []
            if found.delivery in departed:
                answer = line.send(found)
                replies = [answer.reply]
                self._heed(answer)
                if pool and not self._rest.is_shaky:
                    self._hire(counter, pool)
        counter.tell(replies)

    def _next(self, counter: _Counter, *, helps: bool) -> Message | Later | None:
        with self._taking:
            if self._stopped_by or self._is_dry or (helps and self._rest.is_shaky):
                return None
            if left := self._rest.left:
                if left <= _SHORT:
                    return Later(left)
                self._stop(SendError(self._rest.why, permanent=False))
                return None
            try:
                found = counter.take()
            except Exception as error:  # noqa: BLE001 - `run` raises it again, when all answers are written down
                self._stop(error)
                return None
            self._is_dry = found is None
            return found

    def _heed(self, answer: Answer) -> None:
        if answer.trouble and answer.trouble.permanent:
            self._stop(answer.trouble)
        else:
            self._rest.heed(answer)

    def _hire(self, counter: _Counter, pool: ThreadPoolExecutor) -> None:
        with self._taking:
            missing = self._most - 1 - self._hired if not self._is_dry else 0
            self._hired += missing
        for _ in range(missing):
            pool.submit(self._work, counter, None)

    def _stop(self, why: BaseException) -> None:
        self._stopped_by = self._stopped_by or why
