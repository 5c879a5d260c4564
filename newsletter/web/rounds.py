"""Rounds of work that go on right now, each in a thread of its own: no page waits for the network, or a long file."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

log = structlog.get_logger()

Told = Callable[[int, int], None]
"""Takes how many are done, and of how many."""


@dataclass(frozen=True)
class Round:
    """How far one is, and who began it."""

    by: str
    done: int = 0
    of: int = 0


class Rounds:
    """One for each issue, or whatever it is about, at most. `failure` is logged where one breaks off."""

    def __init__(self, failure: str = "links were not tried to the end") -> None:
        self._failure = failure
        self._lock = threading.Lock()
        self._now: dict[str, Round] = {}
        self._threads: dict[str, threading.Thread] = {}

    def begin(self, issue: str, by: str, go: Callable[[Told], object]) -> bool:
        """Let `go` run, and be told how far it is; false where a round of this issue is on its way already."""
        with self._lock:
            if issue in self._now:
                return False
            self._now[issue] = Round(by)
            self._threads[issue] = threading.Thread(target=self._go, args=(issue, go), daemon=True)
            self._threads[issue].start()
            return True

    def standing(self, issue: str) -> Round | None:
        """The issue's round, or nothing where none is on its way."""
        with self._lock:
            return self._now.get(issue)

    def wait(self, issue: str, seconds: float) -> None:
        """Until the issue's round is over, but no longer than this."""
        if thread := self._threads.get(issue):
            thread.join(seconds)

    def _go(self, issue: str, go: Callable[[Told], object]) -> None:
        def told(done: int, of: int) -> None:
            with self._lock:
                self._now[issue] = replace(self._now[issue], done=done, of=of)

        try:
            go(told)
        except Exception as error:  # noqa: BLE001 - whatever it is, the next round must be able to begin
            log.error(self._failure, why=type(error).__name__)
        finally:
            with self._lock:
                del self._now[issue]
