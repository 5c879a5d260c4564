"""Requests that come at once share one transaction: to wait for the disk once is enough for all of them."""

from collections.abc import Callable, Sequence
from threading import Event, Lock


class _Party:
    """Those who go together."""

    def __init__(self) -> None:
        self.members: list[int] = []
        self.is_over = Event()
        self.failure: Exception | None = None


class Together:
    """Does `work` for many numbers at a time, whoever asks for it. The first to come works for those who join while the
    party before is still at it."""

    def __init__(self, work: Callable[[Sequence[int]], None]) -> None:
        self._work = work
        self._working = Lock()
        self._door = Lock()
        self._party = _Party()

    def do(self, number: int) -> None:
        """Returns when it is done for this number. What `work` raises is raised to each who joined."""
        with self._door:
            party = self._party
            party.members.append(number)
            leads = len(party.members) == 1
        if leads:
            self._lead(party)
        party.is_over.wait()
        if party.failure:
            raise party.failure

    def _lead(self, party: _Party) -> None:
        with self._working:
            with self._door:
                self._party = _Party()
            try:
                self._work(party.members)
            except Exception as failure:  # noqa: BLE001 - each who joined hears of it
                party.failure = failure
            finally:
                party.is_over.set()
