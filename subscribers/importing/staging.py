"""From the kept file to staged people, hashed and sealed, in chunks; one that was killed goes on behind its last chunk.

They are sealed some together, not each alone: most of the work of an import is what is done for each.
"""

import os
from collections import defaultdict
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from operator import itemgetter
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
"""As many as the first byte of a hash has values."""
_AT_ONCE = 100
"""Rows that are hashed together."""
_HASH = itemgetter(slice(64))
"""What the line of somebody staged begins with, as they are kept."""


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


class Crowd(NamedTuple):
    """Some who are staged, sorted by their hash, and then as in the file: a list for each value, since objects by the
    thousand are looked over by the search for garbage again and again.

    The repr shows nothing of them.
    """

    hashes: list[bytes]
    places: list[str]
    addresses: list[str]
    names: list[str]
    languages: list[str]
    standings: list[str]
    days: list[str]

    def person(self, at: int) -> Staged:
        """One of them."""
        return Staged(
            self.hashes[at],
            int(self.places[at]),
            self.addresses[at],
            self.names[at],
            self.languages[at],
            Standing(self.standings[at]),
            self.days[at],
        )

    def __repr__(self) -> str:
        return f"Crowd(people={len(self.hashes)})"


@dataclass
class _Chunk:
    """Some rows of the file, to be staged. Each person is one text, for the same reason."""

    rows: int = 0
    parts: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    """By the first byte of the hash."""
    refused: list[Refused] = field(default_factory=list)


def stage(tools: Tools, number: int) -> Generator[int, None, bool]:
    """Stage what is left of the file; gives the rows that are read so far, after each transaction; at the end, whether
    that was all, or somebody else reads on.

    Raises BadFile where the file turns out to be none, NotFound where it is not kept any more.
    """
    with tools.read() as session:
        kept, done = source(session, number), find(session, number).rows_read
    with opened(tools, number, kept.size) as file, tables_of(file, kept.called, kept.encoding) as tables:
        rows = islice(people_of(tables, kept.columns), done, None)
        while (chunk := _chunk(tools.vault, islice(rows, CHUNK))).rows:
            batches = _batches(tools.vault, number, chunk)
            with tools.write() as session:
                if not _is_ours(session, number, done, tools.clock()):
                    return False
                insert_rows(session, ImportBatch, ("import_id", "part", "people", "mark", "sealed_people"), batches)
                _refuse(session, number, chunk.refused)
                done += chunk.rows
                find(session, number).rows_read = done
            yield done
    return True


def unstage(session: Session, number: int, parts: range = range(PARTS)) -> None:
    """Forget who is staged in these parts."""
    session.execute(delete(ImportBatch).where(ImportBatch.import_id == number, ImportBatch.part.in_(parts)))


def staged(session: Session, number: int) -> int:
    """How many people are staged."""
    return session.scalars(select(func.coalesce(func.sum(ImportBatch.people), 0)).filter_by(import_id=number)).one()


def staged_people(session: Session, vault: Vault, number: int, parts: range) -> Crowd:
    """Who is staged in these parts."""
    asked = select(ImportBatch.sealed_people, ImportBatch.mark).where(ImportBatch.import_id == number)
    batches = session.execute(asked.where(ImportBatch.part.in_(parts)).order_by(ImportBatch.id))
    lines = "\n".join([vault.open_piece(*batch).decode() for batch in batches]).split("\n")
    lines.sort(key=_HASH)
    values = "\t".join(lines).split("\t") if lines != [""] else []
    marks, *told = (values[at :: len(Crowd._fields)] for at in range(len(Crowd._fields)))
    return Crowd(list(map(bytes.fromhex, marks)), *told)


def note(session: Session, number: int, kind: str, notes: Sequence[tuple[int, str]]) -> None:
    """Keep what somebody should know about lines, as (place, why): as many of a kind as are listed."""
    if not notes:
        return
    counted = select(func.count()).where(ImportNote.import_id == number, ImportNote.kind == kind)
    rows = [(number, place, kind, why) for place, why in notes[: LISTED - session.scalars(counted).one()]]
    insert_rows(session, ImportNote, ("import_id", "place", "kind", "why"), rows)


def _is_ours(session: Session, number: int, done: int, now: datetime) -> bool:
    """Whether nobody else read on meanwhile, and nobody stopped it."""
    reading = find(session, number, lock=True)
    reading.worked_at = now
    return reading.state is ImportState.READING and reading.rows_read == done


def _chunk(vault: Vault, rows: Iterator[Person | Refused]) -> _Chunk:
    chunk = _Chunk()
    while some := list(islice(rows, _AT_ONCE)):
        people = [row for row in some if isinstance(row, Person)]
        hashes = vault.hash_all([person.compared for person in people])
        for mark, (place, _, address, name, languages, standing, day) in zip(hashes, people, strict=True):
            line = "\t".join((mark.hex(), str(place), address, name, languages, standing, day))
            chunk.parts[mark[0]].append(line)
        chunk.refused += [row for row in some if isinstance(row, Refused)]
        chunk.rows += len(some)
    return chunk


def _batches(vault: Vault, number: int, chunk: _Chunk) -> list[tuple[Any, ...]]:
    """Rows of the table."""
    rows = []
    for part, lines in sorted(chunk.parts.items()):
        mark = os.urandom(MARK)
        rows.append((number, part, len(lines), mark, vault.seal_piece("\n".join(lines).encode(), mark)))
    return rows


def _refuse(session: Session, number: int, refused: list[Refused]) -> None:
    if refused:
        note(session, number, "refused", refused)
        reading = find(session, number)
        reading.counts = {**reading.counts, "refused": reading.counts.get("refused", 0) + len(refused)}
