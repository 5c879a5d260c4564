"""Inserts that meet a row that is there already, and leave it alone or renew it: two at once both go well."""

from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session


def insert_new(books: Session | Connection, table: type[DeclarativeBase]) -> sqlite.Insert | postgresql.Insert:
    """An insert into `table` that skips what breaks a uniqueness rule."""
    connection = books.connection() if isinstance(books, Session) else books
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


def renew(session: Session, table: type[DeclarativeBase], key: str, row: dict[str, Any]) -> None:
    """Insert `row`, or put its values into the row with the same `key`: one statement, whichever it does."""
    kind = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    changed = {name: value for name, value in row.items() if name != key}
    session.execute(kind.insert(table).values(**row).on_conflict_do_update(index_elements=[key], set_=changed))
