"""What every page asks the database for, and what hardly ever changes: pages remember it for a moment."""

import time
from collections.abc import Callable
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


class Briefly(Generic[Thing]):
    """One thing, as it was a second ago at most."""

    WHILE = 1.0

    def __init__(self) -> None:
        self._known: tuple[Thing, float] | None = None
        """And until when it is new enough."""

    def of(self, ask: Callable[[], Thing]) -> Thing:
        """The thing as it is remembered, or asked for now."""
        known, now = self._known, time.monotonic()
        if known is None or now >= known[1]:
            self._known = known = (ask(), now + self.WHILE)
        return known[0]

    def forget(self) -> None:
        """Somebody changed it, and wants to see that."""
        self._known = None
