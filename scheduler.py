"""When: a table of job, cadence, function. A runner keeps them going; the truth is in the database.

`python -m scheduler` runs until it is told to stop; `--once` runs each job once.
"""

import os
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from threading import Event, Timer
from typing import NamedTuple

import structlog
from sqlalchemy.exc import DBAPIError

from issues.resources.importing import import_all
from newsletter import config, drafting, forgetting, journaling, rotation, wiring
from newsletter.db import reason
from newsletter.delivery import sender, witnessing
from newsletter.delivery.runners import Beat
from newsletter.delivery.sender import Stopping
from newsletter.logs import to_stderr
from newsletter.notices.outbox import send_waiting
from newsletter.wiring import FIXABLE, Newsletter, utc_now
from subscribers import address_change, head_counts, importing
from subscribers.preferences import end_pauses
from subscribers.removing import forget_removed
from subscribers.retention import erase_left, forget_sign_ups

PATIENCE = 25
"""Seconds for what is on the wire to end after the process is told to stop."""

log = structlog.get_logger()


class Job(NamedTuple):
    """Something done again and again. Any number of processes may run the same job at the same time."""

    name: str
    every: timedelta
    run: Callable[[Newsletter, Event], None]
    everywhere: bool = False
    """See `newsletter.delivery.runners.Beat`."""


def import_sources(newsletter: Newsletter, _stopping: Event) -> None:
    """Look what the sources have that is new."""
    for report in import_all(newsletter.database.read, newsletter.database.write, newsletter.fetch, utc_now()):
        log.info("source read", source=report.source_url, added=report.added, failure=report.failure)


def send(newsletter: Newsletter, stopping: Event) -> None:
    """Send what is due, or have it sent by whichever machine is free."""
    newsletter.runner.send_due(newsletter.office, newsletter.transport, stopping)


def doubts(newsletter: Newsletter, stopping: Event) -> None:
    """Ask who carried the mail about those in doubt, where it can be asked."""
    witnessing.ask(newsletter.office, newsletter.transport, stopping)


def notices(newsletter: Newsletter, stopping: Event) -> None:
    """Send the single mails that wait: invitations, and word of a draft."""
    send_waiting(newsletter.postroom, newsletter.transport, stopping)


def beat(newsletter: Newsletter, _stopping: Event) -> None:
    """Note in the journal that this database lives, so that a backup from before is known as one; or say that it is.
    So are those noted whom an import brought as somebody not to write to, or a sender that was killed found gone."""
    if refusal := journaling.refusal(newsletter.database, newsletter.journal, utc_now()):
        log.warning("nothing is sent", why=refusal)
    else:
        journaling.beat(newsletter.database, newsletter.journal, utc_now())
        journaling.note_suppressed(newsletter.database, newsletter.journal, utc_now())


def erase(newsletter: Newsletter, _stopping: Event) -> None:
    """Erase who can undo leaving no more; forget what nobody confirmed, and groups and topics taken away."""
    with newsletter.database.write() as session:
        erased = erase_left(session, utc_now(), undo_for=newsletter.settings.undo_for)
        forgotten = forget_sign_ups(session, utc_now(), waits=newsletter.settings.sign_ups_wait)
        address_change.forget(session, utc_now())
        forget_removed(session, utc_now())
    if erased or forgotten:
        log.info("erased", people=erased, sign_ups=forgotten)


def forget(newsletter: Newsletter, _stopping: Event) -> None:
    """Forget what servers said, and later who was written to, as the settings say."""
    now, settings = utc_now(), newsletter.settings
    words = forgetting.forget_replies(newsletter.database, now - timedelta(days=settings.replies_days))
    people = forgetting.forget_people(newsletter.database, now - timedelta(days=settings.receivers_days))
    if words or people:
        log.info("forgotten", replies=words, receivers=people)


def lists(newsletter: Newsletter, stopping: Event) -> None:
    """Go on with imports of readers that somebody began and nobody goes on with; forget files that waited for long."""
    with newsletter.database.write() as session:
        forgotten = importing.forget(session, utc_now())
    if forgotten:
        log.info("files with readers forgotten", files=forgotten)
    with newsletter.database.read() as session:
        still = importing.standing_still(session, utc_now())
    for number in still:
        for _ in importing.go_on(newsletter.import_tools, number):
            if stopping.is_set():
                return
        log.info("an import was gone on with", number=number)


def pauses(newsletter: Newsletter, _stopping: Event) -> None:
    """Put readers back whose pause is over."""
    with newsletter.database.write() as session:
        end_pauses(session, utc_now())


def renew_keys(newsletter: Newsletter, stopping: Event) -> None:
    """Go on with a change of the address key that somebody began, and put the older key away when its time is over."""
    if not newsletter.key_file.is_changing():
        return
    sealed = 0
    for moved in rotation.seal_anew(newsletter.database, newsletter.vault):
        sealed += moved
        if stopping.is_set():
            return
    if sealed:
        log.info("sealed anew", values=sealed)
    if rotation.put_away(newsletter.database, newsletter.key_file, utc_now()):
        log.info("the older address key was put away")


def count(newsletter: Newsletter, _stopping: Event) -> None:
    """Once a day: keep how the list stands, in numbers."""
    with newsletter.database.write() as session:
        head_counts.keep(session, utc_now().date())


def draft(newsletter: Newsletter, _stopping: Event) -> None:
    """Make the draft of the month on its day, and queue the mails that tell of it."""
    now = utc_now()
    with newsletter.database.read() as session:
        if not drafting.is_due(session, newsletter.zone, now):
            return
    press = newsletter.press
    with newsletter.database.write() as session:
        issue = drafting.draft_due(session, newsletter.vault, newsletter.settings, press, now)
    if issue:
        log.info("drafted", issue=issue.slug)


JOBS: tuple[Job, ...] = (
    Job("send", timedelta(seconds=10), send),
    Job("notices", timedelta(seconds=3), notices),
    Job("doubts", timedelta(minutes=5), doubts),
    Job("pauses", timedelta(minutes=10), pauses),
    Job("beat", timedelta(hours=1), beat, everywhere=True),
    Job("erase", timedelta(hours=1), erase),
    Job("forget", timedelta(days=1), forget),
    Job("keys", timedelta(hours=1), renew_keys, everywhere=True),
    Job("count", timedelta(hours=1), count),
    Job("lists", timedelta(minutes=1), lists),
    Job("import", timedelta(hours=6), import_sources),
    Job("draft", timedelta(minutes=1), draft),
)


def main(arguments: list[str]) -> int:
    """The program; returns its exit code."""
    to_stderr()
    stopping = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _stop(stopping))
    once = "--once" in arguments
    try:
        # One pass sends by itself: nobody would wait here for jobs.
        newsletter = wiring.build(config.load(**{"runner": "embedded"} if once else {}))
        newsletter.vault  # noqa: B018 - keys that are missing are said now, not when the first mail is due
        if not once:
            keep_running(newsletter, stopping)
            return 0
    except FIXABLE as error:
        log.error(str(error))
        return 2
    except DBAPIError as error:
        log.error("the database cannot be used", why=reason(error))
        return 1
    outcomes = [run(job, newsletter, stopping) for job in JOBS if not stopping.is_set()]
    return 0 if all(outcomes) else 1


def _stop(stopping: Event) -> None:
    """Claim no more, and let what is on the wire end; but not for longer than whoever told us to stop will wait."""
    if not stopping.is_set():
        stopping.set()
        leaving = Timer(PATIENCE, _leave)
        leaving.daemon = True
        leaving.start()


def _leave() -> None:
    """Go as if killed, which loses nothing: whoever sends next finds this generation dead, and settles what it held."""
    log.warning("something still waits for an answer; whoever sends next settles it")
    os._exit(0)


def run(job: Job, newsletter: Newsletter, stopping: Event) -> bool:
    """Run a job now; what fails is logged without any bound value, and tried again at the next beat."""
    try:
        job.run(newsletter, stopping)
    except DBAPIError as error:
        log.error("the database cannot be used; it is tried again", job=job.name, why=reason(error))
    except FIXABLE as error:
        log.error("job failed", job=job.name, why=str(error))
    except Exception as error:  # noqa: BLE001 - a job that fails must not stop the others, nor the next beat
        log.error("job failed", job=job.name, why=type(error).__name__)
    else:
        return True
    return False


def keep_running(newsletter: Newsletter, stopping: Event) -> None:
    """Beat until told to stop; then end what is on the wire and go."""

    def send_from(mailing: int, shift: Stopping) -> None:
        office, transport = newsletter.office, newsletter.transport
        job = Job("help to send", timedelta(), lambda *_: sender.run(office, transport, mailing, shift))
        run(job, newsletter, stopping)

    beats = [Beat(job.name, job.every, partial(run, job, newsletter, stopping), job.everywhere) for job in JOBS]
    newsletter.runner.keep(beats, send_from, stopping)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
