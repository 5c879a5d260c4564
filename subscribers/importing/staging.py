"""From the kept file to staged people, hashed and sealed, in chunks; one that was killed goes on behind its last chunk.

They are sealed some together, not each alone: most of the work of an import is what is done for each.
"""

import json
import os
from collections.abc import Generator, Iterable
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from subscribers.importing.files import tables_of
from subscribers.importing.keeping import MARK, Tools, find, opened, source
from subscribers.importing.people import Person, Refused, people_of
from subscribers.importing.recipes import Standing
from subscribers.inserting import insert_rows
from subscribers.models import ImportBatch, ImportNote, ImportState
from subscribers.vault import Vault

CHUNK = 20_000
"""Rows of the file in one transaction."""
LISTED = 10_000
"""Notes that are kept of one kind; the others are only counted."""
PARTS = 256


class Staged(NamedTuple):
    """Somebody who is staged. The repr shows nothing of them."""

    address_hash: bytes
    place: int
    address: str
    name: str
    languages: str
    standing: Standing
    agreed_on: str
    """A day (ISO 8601), or nothing."""

    def __repr__(self) -> str:
        return f"Staged(place={self.place})"


def stage(tools: Tools, number: int) -> Generator[int, None, bool]:
    """Stage what is left of the file; gives the rows that are read so far, after each transaction; at the end, whether
    that was all, or somebody else reads on.

    Raises BadFile where the file turns out to be none, NotFound where it is not kept any more.
    """
    with tools.read() as session:
        kept, done = source(session, number), find(session, number).rows_read
    with opened(tools, number, kept.size) as file, tables_of(file, kept.called, kept.encoding) as tables:
        rows = islice(people_of(tables, kept.columns), done, None)
        while chunk := list(islice(rows, CHUNK)):
            batches = _batches(tools.vault, number, [row for row in chunk if isinstance(row, Person)])
            refused = [row for row in chunk if isinstance(row, Refused)]
            with tools.write() as session:
                if not _is_ours(session, number, done, tools.clock()):
                    return False
                insert_rows(session, ImportBatch, ("import_id", "part", "people", "mark", "sealed_people"), batches)
                _refuse(session, number, refused)
                done += len(chunk)
                find(session, number).rows_read = done
            yield done
    return True


def unstage(session: Session, number: int, parts: range = range(PARTS)) -> None:
    """Forget who is staged in these parts."""
    session.execute(delete(ImportBatch).where(ImportBatch.import_id == number, ImportBatch.part.in_(parts)))


def staged(session: Session, number: int) -> int:
    """How many people are staged."""
    return session.scalars(select(func.coalesce(func.sum(ImportBatch.people), 0)).filter_by(import_id=number)).one()


def staged_people(session: Session, vault: Vault, number: int, parts: range) -> list[Staged]:
    """Who is staged in these parts, in the order of the file."""
    asked = select(ImportBatch.sealed_people, ImportBatch.mark).where(ImportBatch.import_id == number)
    people = [
        Staged(bytes.fromhex(address_hash), *person)
        for sealed, mark in session.execute(asked.where(ImportBatch.part.in_(parts)))
        for address_hash, *person in json.loads(vault.open_piece(sealed, mark))
    ]
    return sorted(people, key=lambda person: person.place)


def note(session: Session, number: int, kind: str, notes: Iterable[tuple[int, str]]) -> None:
    """Keep what somebody should know about lines, as (place, why): as many of a kind as are listed."""
    counted = select(func.count()).where(ImportNote.import_id == number, ImportNote.kind == kind)
    rows = [(number, place, kind, why) for place, why in islice(notes, LISTED - session.scalars(counted).one())]
    insert_rows(session, ImportNote, ("import_id", "place", "kind", "why"), rows)


def _is_ours(session: Session, number: int, done: int, now: datetime) -> bool:
    """Whether nobody else read on meanwhile, and nobody stopped it."""
    reading = find(session, number, lock=True)
    reading.worked_at = now
    return reading.state is ImportState.READING and reading.rows_read == done


def _batches(vault: Vault, number: int, people: list[Person]) -> list[tuple[Any, ...]]:
    """Rows of the table."""
    parts: dict[int, list[list[Any]]] = {}
    hashes = vault.hash_all([person.compared for person in people])
    for address_hash, (place, _, address, name, languages, standing, day) in zip(hashes, people, strict=True):
        person = [address_hash.hex(), place, address, name, languages, standing, day]
        parts.setdefault(address_hash[0] * PARTS // 256, []).append(person)
    rows = []
    for part, staged_ones in sorted(parts.items()):
        mark = os.urandom(MARK)
        sealed = vault.seal_piece(json.dumps(staged_ones, ensure_ascii=False).encode(), mark)
        rows.append((number, part, len(staged_ones), mark, sealed))
    return rows


def _refuse(session: Session, number: int, refused: list[Refused]) -> None:
    if refused:
        note(session, number, "refused", refused)
        reading = find(session, number)
        reading.counts = {**reading.counts, "refused": reading.counts.get("refused", 0) + len(refused)}
