"""The sources that are read right now, one after another, in a thread of its own: no page waits for the network."""

import threading
from collections.abc import Callable, Sequence

import structlog

log = structlog.get_logger()


class Reading:
    """One round at a time; its end is told by nobody being in it any more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._round: tuple[int, ...] = ()
        self._read = 0
        self._thread: threading.Thread | None = None

    def begin(self, sources: Sequence[int], read: Callable[[int], object]) -> bool:
        """Read these sources by their numbers; false where another round is on its way, which then goes on alone."""
        with self._lock:
            if self._round or not sources:
                return False
            self._round, self._read = tuple(sources), 0
            self._thread = threading.Thread(target=self._go, args=(self._round, read), daemon=True)
            self._thread.start()
            return True

    @property
    def standing(self) -> tuple[tuple[int, ...], int]:
        """The round's sources, and how many of them are read; the next is being read. Nothing where there is none."""
        with self._lock:
            return self._round, self._read

    def wait(self, seconds: float) -> None:
        """Until the round is over, but no longer than this."""
        if self._thread:
            self._thread.join(seconds)

    def _go(self, sources: tuple[int, ...], read: Callable[[int], object]) -> None:
        try:
            for number in sources:
                read(number)
                with self._lock:
                    self._read += 1
        except Exception as error:  # noqa: BLE001 - whatever it is, the next round must be able to begin
            log.error("sources were not read to the end", why=type(error).__name__)
        finally:
            with self._lock:
                self._round = ()
