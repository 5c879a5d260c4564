"""Two `newsletter work` on one PostgreSQL beside one, to a mail server that is 20 ms away.

Each is a process of its own with the queue; the figures are the ledger's own times, from the first attempt that was
begun to the last that was answered. PostgreSQL keeps every commit on the disk, and runs on the same machine.
"""

import statistics
import tempfile
import time
from contextlib import ExitStack
from functools import partial
from itertools import count
from pathlib import Path

from sqlalchemy import func, select, text

import scheduler
from benchmarks import sink
from benchmarks.figures import Figure
from newsletter.db import Database
from newsletter.delivery.models import Attempt, Delivery, Mailing, MailingState
from newsletter.delivery.runners.queued import SCHEMA
from tests import postgres
from tests.flows.house import House, ended

PEOPLE = 5000
FAR = 0.02
"""Seconds for each burst of replies."""
RUNS = 3
WORK = partial(scheduler.main, [])
"""What `newsletter work` becomes."""
SLUGS = (f"issue-{number}" for number in count())


def measure() -> list[Figure]:
    """Over as many lines as a sender has without being told: five each."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(postgres.running(folder / "postgres")).get_uri()
        port = stack.enter_context(sink.running(FAR))
        house = House(folder / "home", folder / "keys.json", url, f"smtp://127.0.0.1:{port}?tls=none")
        house.extra["NEWSLETTER_RUNNER"] = "procrastinate"
        database = stack.enter_context(house.opened()).database
        _send(house, database, 1, [f"reader{number}@example.org" for number in range(PEOPLE)])
        rates: dict[int, list[float]] = {1: [], 2: []}
        for _ in range(RUNS):
            for workers, taken in rates.items():
                taken.append(_send(house, database, workers))
    one, two = map(statistics.median, rates.values())
    what = f"messages sent by two workers of 5 lines each, {FAR * 1000:.0f} ms away, on PostgreSQL"
    return [Figure(what, f"{two:,.0f}/s", f"{one:,.0f}/s (one worker)", two / one)]


def _send(house: House, database: Database, workers: int, newcomers: list[str] | None = None) -> float:
    """A mailing to everybody; messages per second."""
    working = [house.start_work(house.home.parent / "job.log", WORK) for _ in range(workers)]
    try:
        _wait_for_workers(database, workers)
        mailing = house.fill(newcomers or [], next(SLUGS))
        while not _is_finished(database, mailing):
            time.sleep(0.5)
    finally:
        for work in working:
            work.terminate()
    assert {ended(work) for work in working} == {0}
    times = select(func.min(Attempt.started_at), func.max(Attempt.ended_at), func.count())
    with database.read() as session:
        begun, answered, sent = session.execute(
            times.join(Delivery, Delivery.id == Attempt.delivery_id).where(Delivery.mailing_id == mailing)
        ).one()
    assert sent == PEOPLE
    assert begun
    assert answered
    return float(sent / (answered - begun).total_seconds())


def _wait_for_workers(database: Database, workers: int) -> None:
    """Each takes jobs of two kinds, and is in the queue's books twice."""
    books, there = f"{SCHEMA}.procrastinate_workers", 0
    while there < 2 * workers:
        time.sleep(0.2)
        with database.read() as session:
            if session.scalar(text("SELECT to_regclass(:books)"), {"books": books}):
                there = session.scalar(text(f"SELECT count(*) FROM {books}")) or 0  # noqa: S608 - our own words


def _is_finished(database: Database, mailing: int) -> bool:
    with database.read() as session:
        return session.scalar(select(Mailing.state).where(Mailing.id == mailing)) is MailingState.FINISHED
