"""Runners: who calls `sender.run` for a mailing, and on which machine. Wiring picks one, as the settings say."""

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from threading import Event
from typing import NamedTuple, Protocol

from newsletter.delivery.sender import Office, Stopping
from newsletter.mail import Transport

_JUMP = 30.0
"""Seconds by which the clock must have been set to matter."""


class Beat(NamedTuple):
    """Something done again and again; what fails says so itself, and raises nothing."""

    name: str
    every: timedelta
    do: Callable[[], object]
    everywhere: bool = False
    """It is about a file that each machine has for itself; all else is done by one for all."""


class Runner(Protocol):
    """Keeps the jobs of a newsletter going, by itself or together with others."""

    def send_due(self, office: Office, transport: Transport, stopping: Stopping) -> None:
        """Open what is due, and see to it that somebody sends from each mailing that is open. A beat of its own."""

    def keep(self, beats: Sequence[Beat], send: Callable[[int, Stopping], object], stopping: Event) -> None:
        """Do `beats`, and `send` from mailings as they come, until told to stop; then end what goes on, and return."""


class ClockWatch:
    """Notices that somebody set the clock: set back by a day, it would keep every beat waiting for that day."""

    def __init__(self) -> None:
        self._ahead = _ahead()

    def was_set(self) -> bool:
        """Since this was asked last."""
        before, self._ahead = self._ahead, _ahead()
        return abs(self._ahead - before) > _JUMP


def _ahead() -> float:
    """How far the clock, which somebody may set, is ahead of the one that nobody can."""
    return time.time() - time.monotonic()
