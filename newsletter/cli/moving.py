"""`newsletter move-in`: from one file to PostgreSQL."""

from pathlib import Path
from typing import Annotated

import typer

from newsletter import moving
from newsletter.cli.terminal import opened, say
from newsletter.config import SettingsError
from newsletter.db import Database
from newsletter.migrations import upgrade


def move_in(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The SQLite file, `data/newsletter.db`.")],
) -> None:
    """Take everything from an SQLite file into the empty PostgreSQL that the settings name. End all else before it."""
    with opened() as newsletter:
        if newsletter.database.engine.dialect.name != "postgresql":
            raise SettingsError("To move into a PostgreSQL, name it in NEWSLETTER_DATABASE_URL first.")
        source = Database(f"sqlite:///{file.resolve()}")
        upgrade(source)
        moved = moving.move(source, newsletter.database)
        source.close()
    say(f"{moved} rows were moved. Keep the file as a backup, and never send from it again.")
