"""Runners: who calls `sender.run` for a mailing, and on which machine. Wiring picks one, as the settings say."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from threading import Event
from typing import NamedTuple, Protocol

from newsletter.delivery.sender import Office, Stopping
from newsletter.mail import Transport


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
