"""The database's history: one line of Alembic revisions over the tables of both rooms and the shell.

`upgrade` brings any database to the present. No revision may lose a row.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, text

import issues.models
import newsletter.delivery.models
import newsletter.desk.models
import newsletter.notices.models
import subscribers.models
from newsletter.db import Database, DatabaseError

METADATA: list[MetaData] = [
    issues.models.Base.metadata,
    subscribers.models.Base.metadata,
    newsletter.delivery.models.Base.metadata,
    newsletter.desk.models.Base.metadata,
    newsletter.notices.models.Base.metadata,
]


_UPGRADE_LOCK = 0x6E65_7774


def upgrade(database: Database) -> None:
    """Bring the tables up to date. Any number of processes may call it at once; where all is well it only reads."""
    if _is_current(database):
        return
    with database.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            _upgrade_sqlite(connection)
        else:
            with connection.begin():
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _UPGRADE_LOCK})
                command.upgrade(config(connection), "head")


def _is_current(database: Database) -> bool:
    known = ScriptDirectory(str(Path(__file__).parent))
    with database.read() as session:
        revision = MigrationContext.configure(session.connection()).get_current_revision()
    if revision and revision not in {script.revision for script in known.walk_revisions()}:
        raise DatabaseError("The database was written by a newer version of this program: update the program.")
    return revision == known.get_current_head()


def _upgrade_sqlite(connection: Connection) -> None:
    """SQLite changes a table by copying it, and with foreign keys on that would cut every link to its rows."""
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - a connection that was just opened has one
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        with connection.begin():
            command.upgrade(config(connection), "head")
            if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all():
                raise DatabaseError(f"The upgrade would cut {len(broken)} links between rows, so it was undone.")
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


def config(connection: Connection) -> Config:
    """Alembic's configuration for work on this connection."""
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    configuration.attributes["connection"] = connection
    return configuration
