"""The database's history: one line of Alembic revisions over the tables of both rooms and the shell.

`upgrade` brings any database to the present. No revision may lose a row.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, MetaData

import issues.models
import newsletter.delivery.models
import subscribers.models
from newsletter.db import Database

METADATA: list[MetaData] = [
    issues.models.Base.metadata,
    subscribers.models.Base.metadata,
    newsletter.delivery.models.Base.metadata,
]


def upgrade(database: Database) -> None:
    """Bring the tables up to date; does nothing where they are."""
    with database.engine.begin() as connection:
        command.upgrade(config(connection), "head")


def config(connection: Connection) -> Config:
    """Alembic's configuration for work on this connection."""
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).parent))
    configuration.attributes["connection"] = connection
    return configuration
