"""Migrations end where the models are, on both databases, from an empty database and from the present one."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from newsletter.db import Database
from newsletter.migrations import METADATA, upgrade


def test_migrations_and_models_say_the_same(database_url: str) -> None:
    database = Database(database_url)
    upgrade(database)
    upgrade(database)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "target_metadata": METADATA})
        assert compare_metadata(context, METADATA) == []  # type: ignore[arg-type] # alembic takes a list of them
    database.close()
