"""The brake on guessing at the door. Kept in memory alone: guessers are quick, and a start forgives everyone."""

import threading
from collections import deque
from datetime import datetime, timedelta

from newsletter.desk.errors import NotSignedIn

MOST_FOR_ONE = 10
MOST_FOR_ALL = 100
"""Wrong tries within WHILE. A desk has few people; who guesses at one of them must not lock out the others."""
WHILE = timedelta(minutes=10)


class Brake:
    """Counts tries by whom they are for: known by a keyed hash, so that it holds no address, and unknown people too."""

    def __init__(self) -> None:
        self._tries: deque[tuple[datetime, bytes]] = deque()
        self._lock = threading.Lock()

    def take(self, whom: bytes, now: datetime) -> bool:
        """Whether there is a try left; it counts at once, so that a hundred at the same moment are no way around."""
        with self._lock:
            while self._tries and self._tries[0][0] <= now - WHILE:
                self._tries.popleft()
            mine = sum(1 for _, other in self._tries if other == whom)
            left = mine < MOST_FOR_ONE and len(self._tries) < MOST_FOR_ALL
            if left:
                self._tries.append((now, whom))
            return left

    def forgive(self, whom: bytes, now: datetime) -> None:
        """The try was right: it does not count."""
        with self._lock:
            self._tries.remove((now, whom))


def refusal() -> NotSignedIn:
    """What is said while the brake holds."""
    return NotSignedIn("Too many tries went wrong here: wait ten minutes, then try again.")
