"""The database: one engine, SQLite in the home or a PostgreSQL by URL, and two kinds of transactions on it."""

import enum
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    ColumnElement,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Enum,
    Executable,
    SQLColumnExpression,
    any_,
    bindparam,
    create_engine,
    event,
    func,
    make_url,
    select,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

READ_ONLY = "newsletter_read_only"

MENDING = {
    "SQLITE_FULL": "free space on its disk",
    "SQLITE_IOERR": "look whether its disk is full, or its folder gone",
    "SQLITE_BUSY": "another program is writing for long, so wait for its end",
    "SQLITE_READONLY": "let this user write its file and folder",
    "SQLITE_CANTOPEN": "let this user write its file and folder",
    "SQLITE_NOTADB": "put a good copy in its place",
    "SQLITE_CORRUPT": "put a good copy in its place",
}
"""What to do about an error of SQLite's."""
WORD = Enum(
    enum.StrEnum,
    native_enum=False,
    length=16,
    create_constraint=False,
    values_callable=lambda kind: [word.value for word in kind],
)
"""States are stored as their word, without a database type or constraint: a new word needs no migration."""

NAMES = {
    "ix": "%(table_name)s_%(column_0_N_name)s_index",
    "uq": "%(table_name)s_%(column_0_N_name)s_unique",
    "fk": "%(table_name)s_%(column_0_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}
"""Every constraint has a name on both databases, so that a migration can name it."""


_KEEPALIVE = "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
"""A machine that lost its power says no goodbye: its locks are free a minute later, not after two hours."""


class DatabaseError(Exception):
    """The database cannot be used: one sentence saying why. Trying again may help."""

    permanent = False


def reason(error: DBAPIError) -> str:
    """What the database said, in one line, and what to do: the lines that PostgreSQL adds may quote values."""
    said = str(error.orig).partition("\n")[0].rstrip(".")
    kind = "_".join(getattr(error.orig, "sqlite_errorname", "").split("_")[:2])
    return f"{said}; {MENDING.get(kind, 'look at DATABASE_URL and at its server')}"


def is_deadlock(error: DBAPIError) -> bool:
    """Whether the transaction was given up since another one waited for it, and it for that one: PostgreSQL undid all
    of it, and it may be done anew."""
    return getattr(error.orig, "sqlstate", "") == "40P01"


class Database:
    """Hands out sessions. `write()` commits at its end, or rolls back if anything was raised."""

    def __init__(self, url: str) -> None:
        self.engine = make_engine(url)
        self._reader = self.engine.execution_options(**{READ_ONLY: True})

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A snapshot to look at; it never waits for a writer."""
        with Session(self._reader) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction, the only one writing on SQLite: what it reads stays true until it commits."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()


def among(column: SQLColumnExpression[int], name: str, connection: Connection) -> ColumnElement[bool]:
    """Whether `column` is one of the numbers in the open value `name`: one statement for any number of them."""
    if connection.dialect.name == "postgresql":
        return column == any_(bindparam(name, type_=ARRAY(BigInteger)))
    listed = func.json_each(bindparam(name, type_=JSON)).table_valued("value")
    return column.in_(select(listed.c.value))


class Prepared:
    """A statement compiled once for a connection: what runs for every message must not be built anew each time.

    `names` are those of its open values (`bindparam`s), in the order in which rows give them; what is fixed in it goes
    along by itself.
    """

    def __init__(self, statement: Executable, connection: Connection, *names: str) -> None:
        compiled: Any = statement.compile(dialect=connection.dialect)  # type: ignore[attr-defined] # not in its type
        self._dialect = connection.dialect
        self._cursor = connection.connection.cursor()
        self._text = str(compiled)
        kinds = {name: value.type.dialect_impl(connection.dialect) for name, value in compiled.binds.items()}
        writers = {name: kind.bind_processor(connection.dialect) for name, kind in kinds.items()}
        # Rows of one moment share its time: it is written once.
        self._writers = [(place, lru_cache(4)(write)) for place, name in enumerate(names) if (write := writers[name])]
        fixed = {name: value.value for name, value in compiled.binds.items() if name not in names}
        self._names = (*names, *fixed)
        self._fixed = [write(value) if (write := writers[name]) else value for name, value in fixed.items()]
        self._order: list[int] | None = compiled.positiontup and list(map(self._names.index, compiled.positiontup))

    def run(self, rows: Sequence[Sequence[Any]]) -> int:
        """Once for each row; how many rows of the table it changed."""
        if not rows:
            return 0
        _on_driver(self._cursor, self._dialect, self._text, [self._filled(row) for row in rows])
        return self._cursor.rowcount

    def rows(self, *values: Any) -> list[Any]:
        """What it gives for these open values, as the driver has it: tuples of numbers, texts and bytes."""
        _on_driver(self._cursor, self._dialect, self._text, [self._filled(values)])
        return list(self._cursor.fetchall())

    def _filled(self, row: Sequence[Any]) -> Any:
        """As the driver wants them: by place, or by name."""
        written = [*row, *self._fixed]
        for place, write in self._writers:
            written[place] = write(written[place])
        if self._order is None:
            return dict(zip(self._names, written, strict=True))
        return list(map(written.__getitem__, self._order))


def _on_driver(cursor: DBAPICursor, dialect: Dialect, statement: str, rows: Sequence[Any]) -> None:
    """By the driver's own cursor: what SQLAlchemy does around a statement costs more than the statement."""
    failure: Any = dialect.dbapi and dialect.dbapi.Error
    try:
        cursor.execute(statement, rows[0]) if len(rows) == 1 else cursor.executemany(statement, rows)
    except failure as error:
        raise DBAPIError.instance(statement, None, error, failure, hide_parameters=True, dialect=dialect) from None


def make_engine(url: str) -> Engine:
    """An engine whose errors and logs show no bound value: those may be people's."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        return _sqlite_engine(url)
    return create_engine(
        address.set(drivername="postgresql+psycopg"),
        hide_parameters=True,
        pool_pre_ping=True,  # a server that was restarted is not an error
        connect_args={"options": "-c timezone=UTC -c synchronous_commit=on " + _KEEPALIVE},
    )


def _sqlite_engine(url: str) -> Engine:
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": 30})
    engine.dialect.colspecs = {**engine.dialect.colspecs, DateTime: _AwareDateTime}
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver's guess
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",  # a power cut must not forget an "accepted": that would be a second copy
        "foreign_keys=ON",
        "secure_delete=ON",  # an erased person leaves no bytes in free pages
        "temp_store=MEMORY",
        "cache_size=-16000",  # 16 MB, so that the index of a long list is not read from the disk again and again
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Writers take their lock at once: one that first reads and then writes would fail instead of waiting."""
    read_only = connection.get_execution_options().get(READ_ONLY)
    cursor = connection.connection.cursor()
    _on_driver(cursor, connection.dialect, "BEGIN" if read_only else "BEGIN IMMEDIATE", [()])


class _AwareDateTime(sqlite.DATETIME):
    """SQLite knows no zones: written as UTC, read back as UTC."""

    def bind_processor(self, dialect: Dialect) -> Any:
        write: Any = super().bind_processor(dialect)
        return lambda value: write(value and _in_utc(value))

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        read: Any = super().result_processor(dialect, coltype)
        return lambda value: None if value is None else read(value).replace(tzinfo=UTC)


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time without a zone cannot be stored")
    return value.astimezone(UTC).replace(tzinfo=None)
