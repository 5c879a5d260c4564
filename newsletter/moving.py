"""From an SQLite file into an empty PostgreSQL: every row as it is, in one transaction."""

from sqlalchemy import Table, func, insert, literal, select, text
from sqlalchemy.orm import Session

from newsletter.db import Database, DatabaseError
from newsletter.migrations import METADATA

_ROWS = 2000
"""Held in memory at once."""


def move(source: Database, target: Database) -> int:
    """Copy everything, and say how many rows that is; both have the tables of the present.

    Nobody can write to `source` meanwhile. Raises DatabaseError where `target` is not empty.
    """
    tables = [table for metadata in METADATA for table in metadata.sorted_tables]  # whom others refer to comes first
    with source.write() as old, target.write() as new:
        for table in tables:
            if new.execute(select(literal(1)).select_from(table).limit(1)).first():
                raise DatabaseError(
                    f"The database to move into is not empty (it has rows in {table.name}): make it anew, and move "
                    "before anything else uses it."
                )
        return sum(_copy(old, new, table) for table in tables)


def _copy(old: Session, new: Session, table: Table) -> int:
    copied = 0
    rows = old.execute(select(table).execution_options(yield_per=_ROWS)).mappings()
    for part in rows.partitions():
        new.execute(insert(table), [dict(row) for row in part])
        copied += len(part)
    if "id" in table.c:
        _number_on(old, new, table)
    return copied


def _number_on(old: Session, new: Session, table: Table) -> None:
    """New rows get numbers beyond all that were ever given: links of who was erased must not become another's."""
    sequence = new.scalar(select(func.pg_get_serial_sequence(table.name, "id")))
    ever = old.scalar(text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": table.name})
    last = max(ever or 0, old.scalar(select(func.max(table.c.id))) or 0)
    if sequence and last:
        new.execute(select(func.setval(sequence, last)))
