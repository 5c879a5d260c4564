"""Inserts that meet a row that is there already, and leave it alone or renew it: two at once both go well; and what
is asked about thousands of rows at once, as quickly as the driver can."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Session

_AT_ONCE = 500
"""Values that are asked about in one statement."""
_ROWS = 1_024
"""Rows that are inserted in one statement."""


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


def insert_rows(
    session: Session, table: type[DeclarativeBase], names: Sequence[str], rows: Iterable[Any], *, skip: bool = False
) -> None:
    """Insert thousands of rows, each a tuple with a value for each column of `names`, days as text (ISO 8601); with
    `skip`, without those that break a uniqueness rule. Hundreds in one statement: several times as fast as one each.
    """
    connection = session.connection()
    is_postgresql = connection.dialect.name == "postgresql"
    marks = f"({', '.join(['%s' if is_postgresql else '?'] * len(names))})"
    end = " ON CONFLICT DO NOTHING" if skip else ""
    values, size = list(chain.from_iterable(rows)), _ROWS
    while values:
        while size * len(names) > len(values):  # so that there are few different statements: each is kept prepared
            size //= 2
        some, values = values[: size * len(names)], values[size * len(names) :]
        statement = f"INSERT INTO {table.__tablename__} ({', '.join(names)}) VALUES {', '.join([marks] * size)}{end}"  # noqa: S608 - names of our own tables
        connection.exec_driver_sql(statement, tuple(some) if is_postgresql else _quick(some))


def _quick(values: Iterable[Any]) -> tuple[Any, ...]:
    """The same values for sqlite3, which asks every `bytes` whether it wants to be another type, and takes long."""
    return tuple([bytearray(value) if value.__class__ is bytes else value for value in values])


def rows_with(
    session: Session, key: InstrumentedAttribute[bytes], values: Sequence[bytes], *columns: InstrumentedAttribute[Any]
) -> Iterator[Sequence[Any]]:
    """The `columns` of the rows whose unique `key` is among `values`, and perhaps of some that lie between them, as the
    driver gives them. The values are sorted, and any number.
    """
    if not values:
        return
    connection = session.connection()
    mark = "%s" if connection.dialect.name == "postgresql" else "?"
    asked = f"SELECT {', '.join(column.key for column in columns)} FROM {key.class_.__tablename__} WHERE {key.key}"  # noqa: S608 - names of our own tables
    most = 2 * len(values)
    ends = (values[0], values[-1], most)
    between = connection.exec_driver_sql(f"{asked} BETWEEN {mark} AND {mark} LIMIT {mark}", ends).all()
    if len(between) < most:  # so few lie there that to look for each would take longer
        yield from between
    elif connection.dialect.name == "postgresql":
        yield from connection.exec_driver_sql(f"{asked} = ANY(%(values)s)", {"values": list(values)})
    else:
        for at in range(0, len(values), _AT_ONCE):
            some = tuple(values[at : at + _AT_ONCE])
            filled = some + some[-1:] * (_AT_ONCE - len(some))  # always the same statement, which is prepared once
            yield from connection.exec_driver_sql(f"{asked} IN ({', '.join('?' * _AT_ONCE)})", _quick(filled)).all()
