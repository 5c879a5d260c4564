"""How long it takes to count an audience, as the desk does while one chooses: each filter of the grammar, on SQLite.

Seconds are a processor's, so that they hold beside other work. `python -m benchmarks choosing` takes a million readers.
"""

import shutil
import tempfile
import time
from pathlib import Path

from sqlalchemy import text

from benchmarks import made_up
from benchmarks.figures import Figure
from newsletter.db import Database
from newsletter.delivery import planning
from newsletter.migrations import upgrade
from subscribers.grammar import parse
from subscribers.keys import Keys
from subscribers.vault import Vault

READERS = 1_000_000
LIMIT = 1.0
RUNS = 3
AUDIENCES = (
    "everyone",
    "language es",
    "group 1",
    "group 2",
    "topic 1",
    "topic 1,2",
    "joined after 2021-05-01",
    "joined before 2017-01-01",
    "joined after 2017-01-01; joined before 2018-01-01",
    "got {issue}",
    "not got {issue}",
    "group 2; topic 1; joined after 2019-01-01; not got {issue}",
)
_VARIED = (
    "UPDATE consent SET confirmed_on = date('2016-06-01', '+' || (subscriber_id * 7919 % 2000) || ' days')",
    "UPDATE consent SET withdrawn_on = '2021-07-01' WHERE subscriber_id % 10 = 1",
    "INSERT INTO consent (subscriber_id, wording_id, came_by, confirmed_on) "
    "SELECT id, 1, 'form', '2021-08-01' FROM subscriber WHERE id % 10 = 1",
    "INSERT INTO suppression (address_hash, reason, day) "
    "SELECT address_hash, 'bounced', '2021-06-01' FROM subscriber WHERE id % 100 = 7",
    "INSERT INTO reader_group (id, name) VALUES (1, 'Press'), (2, 'Members')",
    "INSERT INTO group_member (group_id, subscriber_id) SELECT 1, id FROM subscriber WHERE id % 1000 = 5",
    "INSERT INTO group_member (group_id, subscriber_id) SELECT 2, id FROM subscriber WHERE id % 2 = 0",
    "INSERT INTO topic (id) VALUES (1), (2)",
    "INSERT INTO unwanted_topic (topic_id, subscriber_id) SELECT 1, id FROM subscriber WHERE id % 10 = 3",
    "INSERT INTO unwanted_topic (topic_id, subscriber_id) SELECT 2, id FROM subscriber WHERE id % 2 = 1",
)
"""Readers who joined on all days of five years, some twice; some bounced; groups and topics, small and large."""


def measure(readers: int = READERS) -> list[Figure]:
    """The best of some runs of each."""
    folder = Path(tempfile.mkdtemp())
    try:
        database = Database(f"sqlite:///{folder / 'newsletter.db'}")
        upgrade(database)
        issue = _fill(database, readers)
        figures = [_counted(database, audience.format(issue=issue)) for audience in AUDIENCES]
        database.close()
        return figures
    finally:
        shutil.rmtree(folder)


def _fill(database: Database, readers: int) -> str:
    """Says which issue they got."""
    made_up.fill(database, Vault(Keys.fresh()), made_up.Size(resources=100, issues=3, readers=readers))
    with database.write() as session:
        made_up.freeze_audience(session)
        made_up.settle(session)
        for statement in _VARIED:
            session.execute(text(statement))
        newest = "SELECT slug FROM issue JOIN mailing ON issue_id = issue.id ORDER BY due_at DESC LIMIT 1"
        return str(session.scalar(text(newest)))


def _counted(database: Database, audience: str) -> Figure:
    took = []
    for _ in range(RUNS):
        with database.read() as session:
            begun = time.process_time()
            people = sum(planning.expected(session, made_up.LANGUAGES, parse(audience)).values())
            took.append(time.process_time() - begun)
    best = min(took)
    return Figure(f"counted: {audience} ({people:,})", f"{best:.2f} s", f"{LIMIT:.0f} s (limit)", LIMIT / best)
