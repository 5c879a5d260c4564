"""Inserts that meet a row that is there already, and leave it alone or renew it: two at once both go well; and what
is asked about thousands of rows at once, as quickly as the driver can."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, LargeBinary
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Session

_AT_ONCE = 500
"""Values that are asked about in one statement."""
_ROWS = 1_024
"""Rows that are inserted in one statement."""


def insert_new(books: Session | Connection, table: type[DeclarativeBase]) -> sqlite.Insert | postgresql.Insert:
    """An insert into `table` that skips what breaks a uniqueness rule."""
    if _connection(books).dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


def _connection(books: Session | Connection) -> Connection:
    return books.connection() if isinstance(books, Session) else books


def renew(session: Session, table: type[DeclarativeBase], key: str, row: dict[str, Any]) -> None:
    """Insert `row`, or put its values into the row with the same `key`: one statement, whichever it does."""
    kind = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    changed = {name: value for name, value in row.items() if name != key}
    session.execute(kind.insert(table).values(**row).on_conflict_do_update(index_elements=[key], set_=changed))


def insert_rows(
    session: Session, table: type[DeclarativeBase], names: Sequence[str], rows: Iterable[Any], *, skip: bool = False
) -> None:
    """Insert rows, each a tuple with a value for each column of `names`; as `insert_columns`."""
    insert_columns(session, table, dict(zip(names, zip(*rows, strict=True), strict=False)), skip=skip)


def insert_columns(
    books: Session | Connection,
    table: type[DeclarativeBase],
    columns: Mapping[str, Sequence[Any]],
    *,
    skip: bool = False,
) -> None:
    """Insert thousands of rows: the values of each column by its name, days as text (ISO 8601); with `skip`, without
    those that break a uniqueness rule. Hundreds in one statement: several times as fast as one each.
    """
    connection = _connection(books)
    is_postgresql = connection.dialect.name == "postgresql"
    marks = f"({', '.join(['%s' if is_postgresql else '?'] * len(columns))})"
    end = " ON CONFLICT DO NOTHING" if skip else ""
    sealed = {column.key for column in table.__table__.c if isinstance(column.type, LargeBinary)}
    quick = set() if is_postgresql else sealed
    many, done, size = len(next(iter(columns.values()), ())), 0, _ROWS
    while done < many:
        while done + size > many:  # so that there are few different statements: each is kept prepared
            size //= 2
        some = {name: values[done : done + size] for name, values in columns.items()}
        values = _in_turn([_quick(values) if name in quick else values for name, values in some.items()], size)
        statement = f"INSERT INTO {table.__tablename__} ({', '.join(columns)}) VALUES {', '.join([marks] * size)}{end}"  # noqa: S608 - names of our own tables
        connection.exec_driver_sql(statement, values)
        done += size


def _in_turn(columns: Sequence[Sequence[Any]], rows: int) -> tuple[Any, ...]:
    """The values row by row, without an object for each row."""
    values: list[Any] = [None] * (rows * len(columns))
    for at, column in enumerate(columns):
        values[at :: len(columns)] = column
    return tuple(values)


def _quick(values: Iterable[Any]) -> list[Any]:
    """The same values for sqlite3, which asks every `bytes` whether it wants to be another type, and takes long."""
    return [bytearray(value) if value.__class__ is bytes else value for value in values]


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
            among = f"{asked} IN ({', '.join('?' * _AT_ONCE)})"
            yield from connection.exec_driver_sql(among, tuple(_quick(filled))).all()
