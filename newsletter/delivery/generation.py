"""One life of a sender process, and how the next one knows that it ended.

A generation holds a lock for as long as its process lives: a locked file beside an SQLite database, an
advisory lock on the very connection that writes the books on PostgreSQL. The system frees both when the
process dies, however it dies; no clock is asked. A lock's file is taken away only after its generation is
marked as ended, so that a path never names two locks at once.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, select, text, update

from newsletter.db import DatabaseError
from newsletter.delivery.models import Generation

_PATIENCE = 300_000
"""Milliseconds that the books on SQLite wait for another writer: to give up would leave those on their way in doubt."""
_ADVISORY_CLASS = 0x6E65_7773  # "news": keeps these locks apart from others' in the same database


class Lease:
    """A living generation: its number, and the connection that its books are written on."""

    def __init__(self, connection: Connection, generation: int, locks: "Locks") -> None:
        self.connection = connection
        self.generation = generation
        self._locks = locks

    def others_that_died(self) -> Iterator[int]:
        """Each dead generation, locked while the caller buries it. Where that fails, the lock goes with this lease."""
        with self.connection.begin():
            open_ones = self.connection.scalars(
                select(Generation.id).where(Generation.ended_at.is_(None), Generation.id != self.generation)
            ).all()
        for other in open_ones:
            if self._locks.acquire(other):
                yield other
                self._locks.release(other)

    def end(self, now: datetime) -> None:
        """End in good order: nothing of this generation is left to settle."""
        with self.connection.begin():
            end(self.connection, self.generation, now)
        self._locks.release(self.generation)


@contextmanager
def living(engine: Engine, lock_folder: Path, now: datetime) -> Iterator[Lease]:
    """Open a generation for the time of the block. What it had not finished stays for its burial."""
    with engine.connect() as connection, closing(Locks(connection, lock_folder)) as locks:
        connection.detach()  # closed at the end, never pooled: PostgreSQL then frees what it had locked
        if engine.dialect.name == "sqlite":
            connection.connection.cursor().execute(f"PRAGMA busy_timeout = {_PATIENCE}")
        with connection.begin():
            number = connection.execute(insert(Generation).values(started_at=now).returning(Generation.id)).scalar_one()
            if not locks.acquire(number):  # before the row can be seen: a row without its lock would look dead
                raise DatabaseError("An older sender is still at work beside a restored database: end it first.")
        yield Lease(connection, number, locks)


def end(connection: Connection, generation: int, now: datetime) -> bool:
    """Mark a generation as ended, inside the caller's transaction; False where somebody did already."""
    still_open = (Generation.id == generation) & Generation.ended_at.is_(None)
    return connection.execute(update(Generation).where(still_open).values(ended_at=now)).rowcount == 1


class Locks:
    """Takes and frees the lock of a generation, the way its kind of database offers."""

    def __init__(self, connection: Connection, folder: Path) -> None:
        self._connection = connection
        self._folder = folder
        self._files: dict[int, int] = {}
        self._on_postgres = connection.dialect.name == "postgresql"

    def acquire(self, number: int) -> bool:
        """Whether the lock was free and is ours now."""
        if self._on_postgres:
            return bool(self._advisory("pg_try_advisory_lock", number))
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(self._path(number), os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self._files[number] = file
        return True

    def release(self, number: int) -> None:
        """Free the lock of a generation that is marked as ended."""
        if self._on_postgres:
            self._advisory("pg_advisory_unlock", number)
            return
        self._path(number).unlink(missing_ok=True)
        os.close(self._files.pop(number))

    def close(self) -> None:
        """Free what is still held, as the end of the process would."""
        while self._files:
            os.close(self._files.popitem()[1])

    def _path(self, number: int) -> Path:
        return self._folder / f"generation-{number}.lock"

    def _advisory(self, function: str, number: int) -> object:
        statement = text(f"SELECT {function}(:class, :number)")
        values = {"class": _ADVISORY_CLASS, "number": number}
        if self._connection.in_transaction():
            return self._connection.execute(statement, values).scalar()
        with self._connection.begin():
            return self._connection.execute(statement, values).scalar()
