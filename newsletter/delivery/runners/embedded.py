"""The runner for one machine, and the default: each process does all jobs itself. APScheduler is only the heartbeat."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from threading import Event

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from newsletter.delivery import sender
from newsletter.delivery.runners import Beat
from newsletter.delivery.sender import Office, Stopping
from newsletter.mail import Transport

_LOOK, _JUMP = 5.0, 30.0
"""Seconds between two looks at the clock, and by how much it must have been set to matter."""


class Embedded:
    """See `newsletter.delivery.runners.Runner`."""

    def send_due(self, office: Office, transport: Transport, stopping: Stopping) -> None:
        """Here and now."""
        sender.send_due(office, transport, stopping)

    def keep(self, beats: Sequence[Beat], send: Callable[[int, Stopping], object], stopping: Event) -> None:  # noqa: ARG002 - `send_due` has sent
        """Each beat at once, and then at its cadence; none beside itself."""
        scheduler = BackgroundScheduler(executors={"default": ThreadPoolExecutor(len(beats))}, timezone="UTC")
        for beat in beats:
            scheduler.add_job(
                beat.do,
                "interval",
                seconds=beat.every.total_seconds(),
                next_run_time=datetime.now(UTC),
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )
        scheduler.start()
        ahead = _ahead()
        while not stopping.wait(_LOOK):
            if abs(_ahead() - ahead) > _JUMP:  # or a clock set back by a day would keep all of it waiting for that day
                ahead = _ahead()
                for job in scheduler.get_jobs():
                    job.modify(next_run_time=datetime.now(UTC))
        scheduler.shutdown(wait=True)


def _ahead() -> float:
    """How far the clock, which somebody may set, is ahead of the one that nobody can."""
    return time.time() - time.monotonic()
