"""One machine's jobs go on and on. With several, a queue: jobs are put in with what they are for, and come back."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

import pytest
import time_machine
from procrastinate.exceptions import ConnectorException
from sqlalchemy import text

from newsletter.db import Database, DatabaseError
from newsletter.delivery.models import Mailing, MailingState
from newsletter.delivery.runners import Beat, Runner, embedded, queued
from newsletter.delivery.runners.embedded import Embedded
from newsletter.delivery.runners.queued import SCHEMA, Queued, cron
from newsletter.transports.maildir import MaildirTransport
from tests.newsletter.conftest import Newsroom

on_postgres = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)


def keep_until(stopping: Event, runner: Runner, beats: Sequence[Beat], yesterday: time_machine.travel) -> None:
    """The runner goes on until a beat says to stop; the clock, if one of them set it, is right again then."""
    keeping = Thread(target=runner.keep, args=(beats, lambda *_: None, stopping))
    keeping.start()
    try:
        assert stopping.wait(20)
    finally:
        stopping.set()
        keeping.join()
        yesterday.stop()


def test_on_one_machine_each_job_is_done_again_and_again_though_the_clock_is_set_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(embedded, "_LOOK", 0.05)
    stopping, done = Event(), list[str]()

    def often() -> None:
        done.append("often")
        if done.count("often") == 2:
            yesterday.start()
        if done.count("often") == 5:
            stopping.set()

    yesterday = time_machine.travel(datetime.now(UTC) - timedelta(days=1))
    beats = [
        Beat("seldom", timedelta(hours=1), lambda: done.append("seldom")),
        Beat("often", timedelta(seconds=0.1), often),
    ]
    keep_until(stopping, Embedded(), beats, yesterday)
    assert done.count("seldom") == 2


@pytest.fixture
def queue(database: Database, newsroom: Newsroom) -> Iterator[Queued]:
    made = Queued(database, newsroom.clock)
    _do(database, f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
    made.prepare()
    yield made
    _do(database, f"DROP SCHEMA {SCHEMA} CASCADE")


def _do(database: Database, statement: str) -> None:
    with database.write() as session:
        session.execute(text(f"SET LOCAL search_path = {SCHEMA}"))
        session.execute(text(statement))


def _jobs(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(text(f"SELECT queueing_lock FROM {SCHEMA}.procrastinate_jobs ORDER BY id")))  # noqa: S608 - our own word


def _send_due(queue: Queued, newsroom: Newsroom, nowhere: MaildirTransport) -> None:
    queue.send_due(newsroom.office, nowhere, Event())


@pytest.fixture
def nowhere(tmp_path_factory: pytest.TempPathFactory) -> MaildirTransport:
    return MaildirTransport(tmp_path_factory.mktemp("maildir"))


@on_postgres
def test_a_mailing_is_opened_together_with_its_job_and_has_one_at_a_time(
    queue: Queued, newsroom: Newsroom, nowhere: MaildirTransport
) -> None:
    newsroom.add("ana")
    mailing = newsroom.schedule()
    for _ in range(2):
        _send_due(queue, newsroom, nowhere)
    assert _jobs(newsroom.office.database) == [f"mailing {mailing}"]


@on_postgres
def test_two_machines_that_put_in_the_same_job_at_once_put_in_one(queue: Queued, newsroom: Newsroom) -> None:
    database = newsroom.office.database

    def put_in() -> None:
        with database.write() as session:
            queue._call(session, [7, 8])

    with database.write() as session:
        queue._call(session, [7])
        other = Thread(target=put_in)
        other.start()
        other.join(0.3)  # it waits for our commit
    other.join()
    assert _jobs(database) == ["mailing 7", "mailing 8"]


@on_postgres
def test_a_mailing_whose_job_cannot_be_put_in_is_not_opened(
    queue: Queued, newsroom: Newsroom, nowhere: MaildirTransport
) -> None:
    mailing = newsroom.schedule()
    _do(newsroom.office.database, "ALTER TABLE procrastinate_jobs ADD CHECK (queue_name <> 'mailings')")
    with pytest.raises(ConnectorException):
        _send_due(queue, newsroom, nowhere)
    with newsroom.office.database.read() as session:
        assert session.get_one(Mailing, mailing).state is MailingState.SCHEDULED


@on_postgres
def test_any_number_of_machines_may_prepare_at_once(queue: Queued, database: Database) -> None:
    _do(database, f"DROP SCHEMA {SCHEMA} CASCADE")
    with ThreadPoolExecutor(4) as machines:
        list(machines.map(lambda _: queue.prepare(), range(4)))
    assert _jobs(database) == []


@on_postgres
def test_a_newer_version_makes_the_queue_anew_and_an_older_one_is_told_to_be_updated(
    queue: Queued, newsroom: Newsroom, nowhere: MaildirTransport
) -> None:
    database = newsroom.office.database
    newsroom.schedule()
    _send_due(queue, newsroom, nowhere)
    _do(database, f"COMMENT ON SCHEMA {SCHEMA} IS '3.9.12'")
    queue.prepare()
    assert _jobs(database) == []
    _send_due(queue, newsroom, nowhere)
    assert len(_jobs(database)) == 1
    _do(database, f"COMMENT ON SCHEMA {SCHEMA} IS '99.0'")
    with pytest.raises(DatabaseError, match="update it as well"):
        queue.prepare()


@on_postgres
def test_beats_are_done_and_a_job_of_a_machine_that_died_comes_back(
    queue: Queued, newsroom: Newsroom, nowhere: MaildirTransport
) -> None:
    newsroom.add("ana")
    mailing = newsroom.schedule()
    _send_due(queue, newsroom, nowhere)
    _do(newsroom.office.database, "UPDATE procrastinate_jobs SET status = 'doing'")
    beaten, beaten_here, sent, stopping = Event(), Event(), list[int](), Event()
    beats = [
        Beat("beat", timedelta(seconds=10), beaten.set),
        Beat("file", timedelta(hours=1), beaten_here.set, everywhere=True),
    ]
    keeping = Thread(target=queue.keep, args=(beats, lambda mailing, _: sent.append(mailing), stopping))
    keeping.start()
    ends = time.monotonic() + 120
    while not (beaten.is_set() and beaten_here.is_set() and sent) and time.monotonic() < ends:
        time.sleep(0.05)
    stopping.set()
    keeping.join()
    assert beaten.is_set()
    assert beaten_here.is_set()
    assert sent == [mailing]


@on_postgres
def test_beats_of_several_machines_go_on_though_the_clock_is_set_back(
    queue: Queued, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queued, "_BREATH", timedelta(seconds=0.1))
    stopping, beaten = Event(), list[float]()

    def beat() -> None:
        beaten.append(time.time())
        if len(beaten) == 1:
            yesterday.start()
        elif beaten[0] - beaten[-1] > 1000:
            stopping.set()

    yesterday = time_machine.travel(datetime.now(UTC) - timedelta(days=1))
    beats = [Beat("beat", timedelta(seconds=1), beat)]
    keep_until(stopping, queue, beats, yesterday)


@pytest.mark.parametrize(
    ("every", "written"),
    [
        (timedelta(seconds=10), "* * * * * */10"),
        (timedelta(minutes=1), "*/1 * * * *"),
        (timedelta(minutes=10), "*/10 * * * *"),
        (timedelta(hours=6), "0 */6 * * *"),
        (timedelta(days=1), "0 0 * * *"),
    ],
)
def test_a_cadence_is_written_as_cron_wants_it(every: timedelta, written: str) -> None:
    assert cron(every) == written
