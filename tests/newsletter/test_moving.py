"""From one SQLite file into a PostgreSQL: everything arrives, and goes on where it was."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select

from newsletter import journaling, moving
from newsletter.db import Database, DatabaseError
from newsletter.delivery.models import State
from newsletter.migrations import METADATA
from newsletter.transports.maildir import MaildirTransport
from subscribers.models import Subscriber
from tests.newsletter.conftest import Newsroom

pytestmark = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)


@pytest.fixture
def old(sqlite_with_tables: Path, newsroom: Newsroom, tmp_path: Path) -> Iterator[Newsroom]:
    """The same newsroom on a file."""
    file = Database(f"sqlite:///{shutil.copy(sqlite_with_tables, tmp_path / 'newsletter.db')}")
    yield Newsroom(replace(newsroom.office, database=file), newsroom.clock)
    file.close()


def test_everything_arrives_and_no_number_is_given_twice(newsroom: Newsroom, old: Newsroom, tmp_path: Path) -> None:
    *_, erased = old.add("ana", "ben", "cam")
    mailing = old.schedule()
    old.send(MaildirTransport(tmp_path / "mail"))
    with old.office.database.write() as session:
        session.execute(delete(Subscriber).where(Subscriber.id == erased))
    moved = moving.move(old.office.database, newsroom.office.database)
    with old.office.database.read() as here, newsroom.office.database.read() as there:
        for table in (table for metadata in METADATA for table in metadata.sorted_tables):
            rows = [session.scalar(select(func.count()).select_from(table)) for session in (here, there)]
            assert rows[0] == rows[1], table.name
            moved -= rows[0] or 0
    assert moved == 0
    assert newsroom.states(mailing) == [State.ACCEPTED] * 3
    assert newsroom.add("dan")[0] > erased


def test_a_mailing_that_waits_goes_on_from_there(newsroom: Newsroom, old: Newsroom, tmp_path: Path) -> None:
    old.add("ana")
    mailing = old.schedule()
    office = old.office
    journaling.beat(office.database, office.journal, old.clock())
    moving.move(old.office.database, newsroom.office.database)
    newsroom.send(MaildirTransport(tmp_path / "mail"))
    assert newsroom.account(mailing).outcomes[State.ACCEPTED] == 1
    assert "put back" in journaling.refusal(office.database, office.journal, old.clock()), "the file sends no more"


def test_a_database_that_is_in_use_is_left_alone(newsroom: Newsroom, old: Newsroom) -> None:
    newsroom.add("ana")
    with pytest.raises(DatabaseError, match="not empty"):
        moving.move(old.office.database, newsroom.office.database)
