"""What every test may ask for: a real SQLite and a real PostgreSQL database, the current tables in both."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import structlog
from hypothesis import HealthCheck, settings
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import make_url

import issues.models
import newsletter.delivery.models
import newsletter.desk.models
import newsletter.notices.models
import subscribers.models
from newsletter.db import Database
from newsletter.desk import passwords
from tests import postgres

BASES = (
    issues.models.Base,
    subscribers.models.Base,
    newsletter.delivery.models.Base,
    newsletter.desk.models.Base,
    newsletter.notices.models.Base,
)


# Hypothesis would take a busy machine for a fault.
settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("here")

_EMPTIES = """
DO $$
DECLARE
    named text;
    used boolean;
BEGIN
    FOR named IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %I)', named) INTO used;
        IF used THEN
            EXECUTE format('DELETE FROM %I', named);
        END IF;
    END LOOP;
    PERFORM setval(format('%I', sequencename)::regclass, start_value, false)
        FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL;
END $$
"""
"""Only what was used: to truncate thirty tables takes longer than most tests."""


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    """A test that runs a program in this process leaves its log pointing at a captured stream that is gone."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> Iterator[None]:
    """Argon2 is slow on purpose, and here nobody guesses; the programs that flows start keep the cost of real life."""
    quick = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1),))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", lambda: quick)
        yield


@pytest.fixture(scope="session", autouse=True)
def _own_config_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing that a test makes may lie among this user's own keys."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        yield


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real PostgreSQL started for this test process."""
    with postgres.running(tmp_path_factory.mktemp("pg")) as server:
        url: str = server.get_uri()
        with psycopg.connect(url, autocommit=True) as connection:
            # No test cuts the power, so this server need not wait for the disk.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
            connection.execute("CREATE DATABASE with_tables")
        yield url


@pytest.fixture(scope="session")
def sqlite_with_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with every table and no row, made once and copied for each test: that is a hundred times quicker."""
    path = tmp_path_factory.mktemp("sqlite") / "newsletter.db"
    _make(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_with_tables(postgres_server: str) -> Iterator[psycopg.Connection]:
    """A database with every table, made once and emptied for each test by this connection."""
    url = make_url(postgres_server).set(database="with_tables").render_as_string(hide_password=False)
    _make(url)
    with psycopg.connect(url, autocommit=True, application_name="broom") as connection:
        connection.execute("SET session_replication_role = replica")  # in any order, whoever refers to whom
        yield connection


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh, empty database on each of the two kinds."""
    return empty_database(request, tmp_path)


def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of one, of the kind that the fixture is asked for."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'newsletter.db'}"
    url: str = request.getfixturevalue("postgres_server")
    if "database" not in request.fixturenames:  # which has one of its own
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
    return url


@pytest.fixture
def database(database_url: str, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database with every table as the models say; tests/test_migrations.py holds migrations to the same."""
    if database_url.startswith("sqlite"):
        shutil.copy(request.getfixturevalue("sqlite_with_tables"), str(make_url(database_url).database))
    else:
        database_url = make_url(database_url).set(database="with_tables").render_as_string(hide_password=False)
        request.getfixturevalue("postgres_with_tables").execute(_EMPTIES)
    database = Database(database_url)
    yield database
    database.close()


def _make(url: str) -> None:
    database = Database(url)
    create_tables(database)
    database.close()


def create_tables(database: Database) -> None:
    """Every table as the models say."""
    for base in BASES:
        base.metadata.create_all(database.engine)
