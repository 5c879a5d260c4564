"""The database hands back what it was given, on both kinds."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import StatementError

from issues.models import Resource
from newsletter.db import Database

NOW = datetime(2026, 11, 21, 12, 30, 15, 123456, tzinfo=UTC)


def test_times_come_back_aware_and_in_utc(database: Database) -> None:
    entered = NOW.astimezone(timezone(timedelta(hours=-5)))
    with database.write() as session:
        session.add(Resource(published_at=entered))
    with database.read() as session:
        resource = session.scalars(select(Resource)).one()
        assert resource.published_at == NOW
        assert resource.published_at.utcoffset() == timedelta(0)
        assert session.scalars(select(Resource).where(Resource.published_at < NOW)).all() == []


def test_a_time_without_a_zone_is_refused_on_sqlite(database: Database) -> None:
    if database.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL takes it as UTC, which is what the session says")
    with pytest.raises(StatementError), database.write() as session:
        session.add(Resource(published_at=NOW.replace(tzinfo=None)))


def test_a_write_that_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError), database.write() as session:
        session.add(Resource(published_at=NOW))
        session.flush()
        raise RuntimeError
    with database.read() as session:
        assert session.scalars(select(Resource)).all() == []


def test_errors_show_no_bound_value(database: Database) -> None:
    with pytest.raises(Exception) as error, database.write() as session:  # noqa: PT011 - the kind is the driver's
        session.execute(text("SELECT nothing FROM nowhere WHERE x = :secret"), {"secret": "ana@example.org"})
    assert "ana@example.org" not in str(error.value)


def test_sqlite_keeps_its_promises(database: Database) -> None:
    if database.engine.dialect.name != "sqlite":
        pytest.skip("these switches are SQLite's")
    with database.engine.connect() as connection:

        def pragma(name: str) -> object:
            return connection.exec_driver_sql(f"PRAGMA {name}").scalar()

        assert pragma("journal_mode") == "wal"
        assert [pragma(p) for p in ("synchronous", "foreign_keys", "secure_delete")] == [2, 1, 1]
