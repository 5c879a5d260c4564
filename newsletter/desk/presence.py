"""Who has which text open now. Kept in memory alone: after a restart everyone says so again within seconds."""

import threading
from collections.abc import Hashable
from datetime import datetime, timedelta

HERE = timedelta(seconds=25)
"""A browser tells every ten seconds that it is still there."""


class Presence:
    """The people at each text."""

    def __init__(self) -> None:
        self._seen: dict[tuple[Hashable, int], tuple[str, datetime]] = {}
        self._lock = threading.Lock()

    def note(self, text: Hashable, member: int, name: str, now: datetime) -> list[str]:
        """A member has this text open; returns the names of the others who have."""
        with self._lock:
            self._seen = {who: seen for who, seen in self._seen.items() if now - seen[1] < HERE}
            self._seen[text, member] = (name, now)
            return sorted(name for (place, other), (name, _) in self._seen.items() if place == text and other != member)
