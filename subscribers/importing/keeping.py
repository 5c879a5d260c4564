"""The file itself, sealed in pieces, until its people are merged: nothing of it lies open on a disk."""

import io
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, NamedTuple

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from subscribers.errors import BadFile, NotFound
from subscribers.importing.columns import Columns, telling_words
from subscribers.importing.recipes import RECIPES, SAFENESS
from subscribers.journal import Journal
from subscribers.models import Import, ImportPiece, ImportState
from subscribers.vault import Vault

PIECE = 1_000_000
"""Bytes; each is one short transaction."""
LARGEST = 1_000_000_000
"""Bytes of a file."""
MARK = 16
"""Bytes of noise that a sealed piece is bound to."""


class Tools(NamedTuple):
    """What an import works with: it goes on in many short transactions."""

    read: Callable[[], AbstractContextManager[Session]]
    write: Callable[[], AbstractContextManager[Session]]
    vault: Vault
    journal: Journal
    clock: Callable[[], datetime]


@dataclass(frozen=True)
class Source:
    """A kept file and how it is to be read."""

    size: int
    called: str
    encoding: str
    columns: Columns | None


def keep(tools: Tools, file: BinaryIO, called: str) -> int:
    """Keep `file`, whose name is `called`; gives the number of its import. Raises BadFile for nothing or too much."""
    with tools.write() as session:
        now = tools.clock()
        begun = Import(state=ImportState.ARRIVING, begun_at=now, worked_at=now, called=_telling(called))
        session.add(begun)
        session.flush()
        number = begun.id
    size = 0
    for place, piece in enumerate(iter(lambda: file.read(PIECE), b"")):
        size += len(piece)
        if size > LARGEST:
            break
        mark = os.urandom(MARK)
        sealed = tools.vault.seal_piece(piece, mark)
        with tools.write() as session:
            session.add(ImportPiece(import_id=number, number=place, mark=mark, sealed_piece=sealed))
    with tools.write() as session:
        begun = find(session, number)
        if not 0 < size <= LARGEST:
            throw_away(session, number)
            session.delete(begun)
        begun.state, begun.size = ImportState.GIVEN, size
    if not 0 < size <= LARGEST:
        raise BadFile("The file is empty." if not size else "The file is larger than a list can be.")
    return number


def _telling(called: str) -> str:
    """Of a file's name only what says how everybody in it stands: the rest may name somebody."""
    tables = {name: standing for recipe in RECIPES for name, standing in recipe.tables.items()}
    said = [word for word in telling_words(called) if word in tables]
    return max(said, key=lambda word: SAFENESS[tables[word]], default="")


def find(session: Session, number: int, *, lock: bool = False) -> Import:
    """The import of this number, for this transaction alone with `lock`. Raises NotFound."""
    found = session.get(Import, number, with_for_update=lock or None)
    if found is None:
        raise NotFound("There is no import of this number.")
    return found


def source(session: Session, number: int) -> Source:
    """How the file of an import is to be read. Raises NotFound."""
    kept = find(session, number)
    return Source(kept.size, kept.called, kept.encoding, Columns.kept(kept.columns) if kept.columns else None)


def throw_away(session: Session, number: int) -> None:
    """The pieces of a file."""
    session.execute(delete(ImportPiece).where(ImportPiece.import_id == number))


def throw_away_piece(session: Session, number: int) -> bool:
    """One piece of a file; whether there was one. It is overwritten, and others wait meanwhile: a file is many."""
    one = select(func.min(ImportPiece.number)).where(ImportPiece.import_id == number).scalar_subquery()
    gone = delete(ImportPiece).where(ImportPiece.import_id == number, ImportPiece.number == one)
    return session.connection().execute(gone).rowcount > 0


def opened(tools: Tools, number: int, size: int) -> BinaryIO:
    """The kept file, to be read anywhere in it; a piece is opened when it is asked for."""
    return io.BufferedReader(_KeptFile(tools, number, size), 65_536)


class _KeptFile(io.RawIOBase):
    def __init__(self, tools: Tools, number: int, size: int) -> None:
        self._tools, self._number, self._size = tools, number, size
        self._at = 0
        self._held: tuple[int, bytes] = (-1, b"")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        number, begin = divmod(self._at, PIECE)
        found = self._piece(number)[begin : begin + len(view)] if self._at < self._size else b""
        view[: len(found)] = found
        self._at += len(found)
        return len(found)

    def _piece(self, number: int) -> bytes:
        if self._held[0] != number:
            wanted = select(ImportPiece.sealed_piece, ImportPiece.mark)
            with self._tools.read() as session:
                row = session.execute(wanted.filter_by(import_id=self._number, number=number)).one_or_none()
            if row is None:  # somebody gave the import up
                raise NotFound("The file of this import is not kept any more: begin with it anew.")
            self._held = number, self._tools.vault.open_piece(row.sealed_piece, row.mark)
        return self._held[1]
