"""The matrix of our own misfortunes: disk, database, clock, hasty fingers. By the mail server's log nobody has two.

What mail servers do is in test_faults.py, kills in tests/flows/test_crashes.py, an old database restored in
test_restoring.py.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from threading import Barrier as Line
from threading import Timer
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from issues.errors import Conflict
from newsletter import publishing, zones
from newsletter.db import Database, reason
from newsletter.delivery import control, planning
from newsletter.delivery.models import State
from newsletter.mail import Barrier, Reply, Take
from newsletter.publishing import When
from newsletter.transports.smtp import SmtpServer, SmtpTransport
from newsletter.wiring import utc_now
from tests import postgres
from tests.conftest import create_tables
from tests.flows.house import House
from tests.newsletter.conftest import NOW, Newsroom, newsroom_of
from tests.newsletter.smtp_server import DROP, Script, ScriptedServer, serving

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ON_POSTGRES = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
MANY = [f"reader{number}" for number in range(100)]
LINES = 3


def _everyone_is_accounted_for(newsroom: Newsroom, mailing: int, server: ScriptedServer, most_doubts: int) -> None:
    """The account beside the server's own log."""
    account, arrived = newsroom.account(mailing), Counter(server.recipients)
    accepted, doubts = account.outcomes[State.ACCEPTED], account.outcomes[State.IN_DOUBT]
    assert accepted + doubts == account.people == len(MANY), account.sentence
    assert accepted <= len(arrived)
    assert max(arrived.values()) == 1
    assert doubts <= most_doubts


@dataclass
class _Interrupted:
    """A way out during which something happens, before the books are written for the tenth time."""

    port: int
    happens: Callable[[], None]
    before: int = 10

    def run(self, take: Take, barrier: Barrier) -> None:
        calls = count(1)

        def interrupted(replies: Sequence[Reply], departing: Sequence[int]) -> frozenset[int]:
            if next(calls) == self.before:
                self.happens()
            return barrier(replies, departing)

        server = SmtpServer("127.0.0.1", self.port, "none", connections=LINES, timeout=5)
        SmtpTransport(server).run(take, interrupted)


# The database


@ON_SQLITE
def test_a_full_disk_stops_the_sending_says_so_and_doubles_nobody(newsroom: Newsroom) -> None:
    """`max_page_count` is the disk: SQLite fails with the same error when its file cannot grow."""
    newsroom.add(*MANY)
    mailing = newsroom.schedule()
    engine = newsroom.office.database.engine
    with newsroom.office.database.write() as session:
        planning.open_due(session, NOW)
        pages = session.connection().exec_driver_sql("PRAGMA page_count").scalar_one()
    limit = f"PRAGMA max_page_count = {pages + 1}"
    engine.dispose()
    event.listen(engine, "connect", fill_the_disk := lambda connection, _: connection.execute(limit))
    with serving() as (server, port):
        with pytest.raises(DBAPIError) as error:
            newsroom.send_to(port, connections=LINES)
        assert reason(error.value) == "database or disk is full; free space on its disk"
        assert 0 < len(server.accepted) < len(MANY)
        event.remove(engine, "connect", fill_the_disk)
        engine.dispose()
        newsroom.send_to(port, connections=LINES)
    _everyone_is_accounted_for(newsroom, mailing, server, LINES)


@ON_SQLITE
def test_a_database_locked_by_another_program_is_waited_for(newsroom: Newsroom) -> None:
    """Half a second here for a minute in life: everything but the books gives up after a tenth of that."""
    newsroom.add(*MANY)
    mailing = newsroom.schedule()
    engine = newsroom.office.database.engine
    engine.dispose()
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout = 50"))

    other = sqlite3.connect(str(engine.url.database), timeout=5, isolation_level=None, check_same_thread=False)

    def lock() -> None:
        other.execute("BEGIN IMMEDIATE")
        Timer(0.5, other.execute, ["ROLLBACK"]).start()

    with serving() as (server, port), closing(other):
        newsroom.send(_Interrupted(port, lock))
    _everyone_is_accounted_for(newsroom, mailing, server, 0)


def test_a_postgres_killed_in_the_middle_and_started_again_loses_and_doubles_nobody(tmp_path: Path) -> None:
    with postgres.running(tmp_path) as base, closing(Database(base.get_uri())) as database, serving() as (server, port):
        create_tables(database)
        newsroom = newsroom_of(database, tmp_path)
        newsroom.add(*MANY)
        mailing = newsroom.schedule()
        with pytest.raises(DBAPIError):
            newsroom.send(_Interrupted(port, lambda: postgres.kill(base)))
        with pytest.raises(DBAPIError):
            newsroom.send_to(port)
        postgres.restart(base)
        newsroom.send_to(port, connections=LINES)
        _everyone_is_accounted_for(newsroom, mailing, server, LINES)


# Hasty fingers


def _at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """What each of these gives, or the error it raises, all begun in the same moment."""
    line = Line(len(deeds))

    def run(deed: Callable[[], Any]) -> Any:
        line.wait()
        try:
            return deed()
        except (Conflict, control.MailingError) as error:
            return error

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds))


def test_two_clicks_on_send_again_send_once_more(newsroom: Newsroom) -> None:
    newsroom.add("ana", "ben")
    mailing = newsroom.schedule()

    def click() -> int:
        with newsroom.office.database.write() as session:
            return control.settle_doubts(session, mailing, send_again=True, now=NOW)

    with serving(Script({"after": [DROP]})) as (server, port):
        newsroom.send_to(port)
        assert sorted(_at_once(click, click)) == [0, 1]
        newsroom.send_to(port)
    assert Counter(server.recipients) == {"ana@example.org": 2, "ben@example.org": 1}


def test_of_two_clicks_on_resume_one_wins_and_the_other_is_told(newsroom: Newsroom) -> None:
    newsroom.add("ana")
    mailing = newsroom.schedule()
    database = newsroom.office.database
    with database.write() as session:
        control.pause(session, mailing)

    def click(deed: Callable[[Session, int, datetime], None]) -> None:
        with database.write() as session:
            deed(session, mailing, NOW)

    said = _at_once(lambda: click(control.resume), lambda: click(control.resume))
    assert [str(error) for error in said if error] == [f"Mailing {mailing} is scheduled already."]


@ON_POSTGRES  # on SQLite one transaction at a time may write
def test_of_two_clicks_on_schedule_one_makes_a_mailing(tmp_path: Path, database_url: str) -> None:
    house = House(tmp_path / "home", tmp_path / "keys.json", database_url)
    cancelled = house.fill(["ana@example.org"])
    with house.opened() as newsletter:
        with newsletter.database.write() as session:
            control.cancel(session, cancelled, utc_now())

        def click() -> int:
            with newsletter.database.write() as session:
                issue = publishing.find_issue(session, "2021-11")
                return publishing.schedule(session, issue, When(utc_now(), "UTC"), newsletter.press, utc_now()).id

        made = _at_once(click, click)
    assert sum(isinstance(one, int) for one in made) == 1
    assert [str(one) for one in made if isinstance(one, Conflict) and "has mailing" in str(one)]


# The clock


@ON_SQLITE
@pytest.mark.parametrize("days", [1, -1])
def test_a_clock_that_jumps_in_the_middle_loses_and_doubles_nobody(newsroom: Newsroom, days: int) -> None:
    newsroom.add("ana", "ben", "cam")
    mailing = newsroom.schedule()
    with serving(Script({"rcpt": ["450 later", "250 fine", "450 later"]})) as (server, port):
        newsroom.send_to(port)
        newsroom.later(days=days)
        assert newsroom.account(mailing).waiting == 2
        for _ in range(3):  # nobody waits for that day to come again
            newsroom.send_to(port)
            newsroom.later(hours=1)
    assert Counter(server.recipients) == {f"{name}@example.org": 1 for name in ("ana", "ben", "cam")}
    assert newsroom.account(mailing).outcomes[State.ACCEPTED] == 3


@ON_SQLITE
def test_a_clock_set_back_before_the_time_waits_for_it_again(newsroom: Newsroom) -> None:
    newsroom.add("ana")
    newsroom.schedule(due_at=NOW + timedelta(hours=1))
    with serving() as (server, port):
        for hours in (-24, 24):
            newsroom.later(hours=hours)
            newsroom.send_to(port)
        assert server.accepted == []
        newsroom.later(hours=1)
        newsroom.send_to(port)
        newsroom.later(hours=-24)
        newsroom.send_to(port)
    assert server.recipients == ["ana@example.org"]


OAKLAND = ZoneInfo("America/Los_Angeles")


@ON_SQLITE
@pytest.mark.parametrize(
    ("entered", "due"),
    [
        ("2021-03-13 09:00", datetime(2021, 3, 13, 17, tzinfo=UTC)),
        ("2021-03-14 09:00", datetime(2021, 3, 14, 16, tzinfo=UTC)),  # that night the clocks went forward
        ("2021-11-07 01:30", datetime(2021, 11, 7, 8, 30, tzinfo=UTC)),  # comes twice that night: the first is meant
        ("2021-11-07 09:00", datetime(2021, 11, 7, 17, tzinfo=UTC)),
    ],
)
def test_a_mailing_leaves_once_at_its_time_on_the_wall_also_when_the_clocks_change(
    newsroom: Newsroom, entered: str, due: datetime
) -> None:
    newsroom.clock.now = due - timedelta(days=1)
    newsroom.add("ana")
    newsroom.schedule(due_at=zones.read(entered, OAKLAND, newsroom.clock.now))
    with serving() as (server, port):
        newsroom.later(hours=23, minutes=59)
        newsroom.send_to(port)
        assert server.accepted == []
        for _ in range(3):
            newsroom.later(minutes=30)
            newsroom.send_to(port)
    assert server.recipients == ["ana@example.org"]


def test_a_time_that_the_change_skips_is_refused() -> None:
    with pytest.raises(zones.TimeError, match="does not exist in America/Los_Angeles: the clocks go forward then"):
        zones.read("2021-03-14 02:30", OAKLAND, NOW)
