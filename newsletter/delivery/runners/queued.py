"""The runner for several machines: a queue of jobs in PostgreSQL, by procrastinate.

A job says "help to send mailing 7", and the ledger says who writes to whom: a job that is lost, late or done twice
harms nobody, and nothing in the queue is worth keeping. Every ten seconds each open mailing has a job in the queue
unless one waits there; whoever takes it first puts in the next, so that all who are free come to help at once.
"""

import asyncio
import math
import re
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from importlib.metadata import version
from threading import Event

import procrastinate
import psycopg
import structlog
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException, UniqueViolation
from procrastinate.jobs import Status
from procrastinate.schema import SchemaManager
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from newsletter.db import Database, DatabaseError
from newsletter.delivery import planning, sender
from newsletter.delivery.runners import Beat, ClockWatch
from newsletter.delivery.sender import Office, Stopping
from newsletter.mail import Transport

SCHEMA = "newsletter_queue"
"""Where procrastinate's tables lie, apart from ours."""
_SCHEMA_LOCK = 0x6E65_7775

_MAILINGS, _BEATS = "mailings", "beats"
_AT_ONCE = {_MAILINGS: 1, _BEATS: 4}
"""Jobs of a queue at once in one process: a big mailing never keeps a small job waiting."""
_HELP = "help to send"

_SHIFT = timedelta(minutes=5)
"""So long a worker stays with a mailing before it looks whether another one waits."""
_BREATH = timedelta(seconds=5)
"""A worker begins no mailing twice within it: where the mail server is down, asking more often would not help."""
_LOOK_FOR_JOBS, _LOOK_WHETHER_TO_STOP = 1.0, 0.2
"""Seconds. Jobs are told of as well, but not to who has only just come."""

log = structlog.get_logger()


class Queued:
    """See `newsletter.delivery.runners.Runner`."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._jobs = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())
        """Only for what is put in over a session's own connection; it opens none."""
        self._began: dict[int, float] = {}
        """When this process last began to send from a mailing."""

    def send_due(self, office: Office, transport: Transport, stopping: Stopping) -> None:  # noqa: ARG002 - whoever takes the job sends
        """The jobs are put in by the transaction that opens a mailing."""
        sender.open_due(office, self._call)

    def keep(self, beats: Sequence[Beat], send: Callable[[int, Stopping], object], stopping: Event) -> None:
        """Take jobs as they come. A database that goes away for a while ends nothing."""

        while not stopping.is_set():
            over = Event()
            try:
                self.prepare()
                app = _app(self._database, beats, partial(self._help, send, stopping, over))
                asyncio.run(_work(app, beats, stopping, over))
            except (ConnectorException, psycopg.Error, DBAPIError) as error:
                log.error("the queue cannot be used; it is tried again", why=type(error).__name__)
            stopping.wait(_BREATH.total_seconds())

    def prepare(self) -> None:
        """Make procrastinate's tables where there are none, and anew for a newer version of it.

        Any number of machines may do this at once. Those that still run an older version are told to be updated.
        """
        ours = version("procrastinate")
        with self._database.write() as session:
            session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _SCHEMA_LOCK})
            made_for = session.scalar(
                text("SELECT obj_description(to_regnamespace(:schema)::oid, 'pg_namespace')"), {"schema": SCHEMA}
            )
            if made_for == ours:
                return
            if made_for and _numbers(made_for) > _numbers(ours):
                raise DatabaseError(
                    f"The queue was made by procrastinate {made_for}, and this machine has {ours}: update it as well."
                )
            _driver(session).execute(
                f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA}; SET LOCAL search_path = {SCHEMA};"
                f"{SchemaManager.get_schema()}; COMMENT ON SCHEMA {SCHEMA} IS '{ours}'"
            )

    def _help(self, send: Callable[[int, Stopping], object], stopping: Event, over: Event, mailing: int) -> None:
        """Send from a mailing for a shift, after putting in a job for the next who is free."""
        now = time.monotonic()
        if now - self._began.get(mailing, -math.inf) < _BREATH.total_seconds():
            return
        self._began[mailing] = now
        with self._database.write() as session:
            if planning.is_anyone_due(session, mailing, self._clock()):
                self._call(session, [mailing])
        send(mailing, _Shift((stopping, over), now + _SHIFT.total_seconds()))

    def _call(self, session: Session, mailings: Sequence[int]) -> None:
        """Put in a job for each of these mailings that has none waiting, in the session's transaction."""
        connection = session.connection()
        session.execute(
            text("SELECT set_config('search_path', current_setting('search_path') || ', ' || :schema, true)"),
            {"schema": SCHEMA},
        )
        waiting = set(session.scalars(text("SELECT queueing_lock FROM procrastinate_jobs WHERE status = 'todo'")))
        for mailing in mailings:
            lock = f"mailing {mailing}"
            if lock not in waiting:
                job = self._jobs.configure_task(_HELP, queue=_MAILINGS, queueing_lock=lock, connection=_driver(session))
                with suppress(AlreadyEnqueued), connection.begin_nested():  # by another machine, in this moment
                    job.defer(mailing=mailing)


class _Shift:
    """Time to stop when the process is to, when its work is to begin anew, or after a while."""

    def __init__(self, stops: Sequence[Event], ends: float) -> None:
        self._stops = stops
        self._ends = ends

    def is_set(self) -> bool:
        return any(stop.is_set() for stop in self._stops) or time.monotonic() >= self._ends


def _app(database: Database, beats: Sequence[Beat], help_to_send: Callable[[int], None]) -> procrastinate.App:
    """Procrastinate's view of the jobs. Each is done once at its time, on whichever machine is free."""
    longest = max(beat.every for beat in beats)
    app = procrastinate.App(
        connector=procrastinate.PsycopgConnector(
            conninfo=database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False),
            kwargs={"options": f"-c search_path={SCHEMA}"},
            min_size=1,
            max_size=sum(_AT_ONCE.values()),
        ),
        periodic_defaults={"max_delay": longest.total_seconds()},  # what nobody was there for is made up for
    )
    app.task(name=_HELP, queue=_MAILINGS)(help_to_send)
    for beat in beats:
        if beat.everywhere:
            continue
        task = app.task(name=beat.name, queue=_BEATS, lock=beat.name, queueing_lock=beat.name)(_at_any_time(beat))
        app.periodic(cron=cron(beat.every))(task)
    _bring_back_stalled(app)
    return app


def _at_any_time(beat: Beat) -> Callable[[int], None]:
    def do(timestamp: int) -> None:  # noqa: ARG001 - procrastinate says for when it was due
        beat.do()

    return do


def _bring_back_stalled(app: procrastinate.App) -> None:
    """Procrastinate leaves the jobs of a worker that died as they were. This one has no lock that could die with it."""

    @app.periodic(cron=cron(timedelta(seconds=10)))
    @app.task(name="bring back stalled jobs", queue=_BEATS, queueing_lock="bring back stalled jobs")
    async def bring_back(timestamp: int) -> None:  # noqa: ARG001 - procrastinate says for when it was due
        for job in await app.job_manager.get_stalled_jobs():
            try:
                await app.job_manager.retry_job(job)
            except UniqueViolation:  # the like of it waits already
                await app.job_manager.finish_job(job, Status.ABORTED, delete_job=True)


async def _work(app: procrastinate.App, beats: Sequence[Beat], stopping: Event, over: Event) -> None:
    """Take jobs until told to stop, or until a worker cannot go on; it is over then, and what is being done ends. So it
    is when the clock was set: procrastinate remembers for when it put in each beat last, and would wait for that time.
    """
    clock = ClockWatch()
    async with app.open_async():
        workers = [
            asyncio.create_task(
                app.run_worker_async(
                    queues=[queue],
                    concurrency=most,
                    fetch_job_polling_interval=_LOOK_FOR_JOBS,
                    delete_jobs="always",
                    install_signal_handlers=False,
                )
            )
            for queue, most in _AT_ONCE.items()
        ]
        workers += [asyncio.create_task(_again_and_again(beat)) for beat in beats if beat.everywhere]
        ended: set[asyncio.Task[None]] = set()
        while not (ended or stopping.is_set() or clock.was_set()):
            ended, _ = await asyncio.wait(workers, timeout=_LOOK_WHETHER_TO_STOP, return_when=asyncio.FIRST_COMPLETED)
        over.set()
        for worker in workers:
            worker.cancel()
        outcomes = await asyncio.gather(*workers, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome


async def _again_and_again(beat: Beat) -> None:
    while True:
        await asyncio.to_thread(beat.do)
        await asyncio.sleep(beat.every.total_seconds())


def cron(every: timedelta) -> str:
    """A cadence as procrastinate wants it written; the sixth field is seconds."""
    seconds = int(every.total_seconds())
    if seconds < 60:
        return f"* * * * * */{seconds}"
    if seconds < 3600:
        return f"*/{seconds // 60} * * * *"
    return f"0 */{seconds // 3600} * * *" if seconds < 86_400 else "0 0 * * *"


def _driver(session: Session) -> psycopg.Connection:
    """Psycopg's connection, in the session's transaction."""
    driver = session.connection().connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("the queue needs a session on PostgreSQL")
    return driver


def _numbers(of_version: str) -> list[int]:
    return [int(number) for number in re.findall("[0-9]+", of_version)]
