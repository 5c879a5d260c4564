"""The runner for one machine, and the default: each process does all jobs itself. APScheduler is only the heartbeat."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from threading import Event

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from newsletter.delivery import sender
from newsletter.delivery.runners import Beat, ClockWatch
from newsletter.delivery.sender import Office, Stopping
from newsletter.mail import Transport

_LOOK = 5.0
"""Seconds between two looks at the clock."""


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
        clock = ClockWatch()
        while not stopping.wait(_LOOK):
            if clock.was_set():
                for job in scheduler.get_jobs():
                    job.modify(next_run_time=datetime.now(UTC))
        scheduler.shutdown(wait=True)
