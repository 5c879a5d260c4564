"""The runner for one machine, and the default: each process does all jobs itself, each in a thread of its own.

Waiting asks no clock that somebody may set: one that is set back by a day must not keep all of it waiting for that day.
"""

from collections.abc import Callable, Sequence
from threading import Event, Thread

from newsletter.delivery import sender
from newsletter.delivery.runners import Beat
from newsletter.delivery.sender import Office, Stopping
from newsletter.mail import Transport


class Embedded:
    """See `newsletter.delivery.runners.Runner`."""

    def send_due(self, office: Office, transport: Transport, stopping: Stopping) -> None:
        """Here and now."""
        sender.send_due(office, transport, stopping)

    def keep(self, beats: Sequence[Beat], send: Callable[[int, Stopping], object], stopping: Event) -> None:  # noqa: ARG002 - `send_due` has sent
        """Each beat at once, and again a while after its end; none beside itself."""
        threads = [Thread(target=_again_and_again, args=(beat, stopping), name=beat.name) for beat in beats]
        for thread in threads:
            thread.start()
        stopping.wait()
        for thread in threads:
            thread.join()


def _again_and_again(beat: Beat, stopping: Event) -> None:
    while not stopping.is_set():
        beat.do()
        stopping.wait(beat.every.total_seconds())
