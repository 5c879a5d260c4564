"""Migrations end where the models are, on both databases, from an empty database and from the present one."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from newsletter.db import Database, DatabaseError
from newsletter.migrations import METADATA, upgrade


def test_migrations_and_models_say_the_same(database_url: str) -> None:
    database = Database(database_url)
    upgrade(database)
    upgrade(database)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "target_metadata": METADATA})
        assert compare_metadata(context, METADATA) == []  # type: ignore[arg-type] # alembic takes a list of them
    database.close()


def test_a_database_of_a_newer_program_is_left_alone(database_url: str) -> None:
    database = Database(database_url)
    upgrade(database)
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseError, match="update the program"):
        upgrade(database)
    database.close()


def test_a_current_database_is_opened_while_another_writes(database_url: str) -> None:
    database = Database(database_url)
    upgrade(database)
    with database.write():
        upgrade(database)
    database.close()
