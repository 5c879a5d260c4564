"""Staged people go onto the list in short transactions, so that sending and leaving go on meanwhile.

What is not merged yet is a question to the database: whoever is merged is staged no more. So one that was killed goes
on where it was.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import compress
from typing import Any

from sqlalchemy import delete, exists, func, insert, literal, select, text
from sqlalchemy.orm import Session

from subscribers import groups, roll
from subscribers.importing.judging import Judged, judge
from subscribers.importing.keeping import Tools, find, throw_away_piece
from subscribers.importing.staging import LISTED, PARTS, Crowd, note, staged, staged_people, unstage
from subscribers.inserting import insert_columns, insert_rows
from subscribers.models import (
    Consent,
    GroupMember,
    Import,
    ImportBatch,
    ImportLabel,
    ImportNote,
    ImportState,
    State,
    Subscriber,
    Suppression,
)
from subscribers.vault import Vault

AT_ONCE = 16_000
"""People in one transaction, about."""
CAME_BY = "import"
BROUGHT = "imported "
"""What a suppression's reason begins with that came by an import."""


_OWN_DAY = text(
    "UPDATE consent SET confirmed_on = :day "
    "WHERE import_id = :import AND subscriber_id = (SELECT id FROM subscriber WHERE address_hash = :mark)"
)


def look(tools: Tools, number: int) -> None:
    """Count what would become of everybody, and note what is in conflict; then the import waits for a person's word."""
    with tools.read() as session:
        many = _parts_at_once(staged(session, number))
    counts: Counter[str] = Counter()
    conflicts: list[tuple[int, str]] = []
    for first in range(0, PARTS, many):
        with tools.read() as session:
            people = staged_people(session, tools.vault, number, range(first, min(first + many, PARTS)))
            judged = judge(session, tools.vault, people)
        counts += judged.counts
        conflicts = sorted(conflicts + judged.conflicts)[:LISTED]
    with tools.write() as session:
        looked = find(session, number, lock=True)
        if looked.state is ImportState.READING:
            looked.state, looked.worked_at = ImportState.READ, tools.clock()
            looked.counts = {**looked.counts, **counts}
            note(session, number, "conflict", conflicts)


def pass_by(tools: Tools, number: int) -> None:
    """To the same end without a look: for a person who has given their word already."""
    with tools.write() as session:
        read = find(session, number, lock=True)
        if read.state is ImportState.READING:
            read.state, read.worked_at = ImportState.READ, tools.clock()


def merge(tools: Tools, number: int) -> Iterator[int]:
    """Merge whoever is staged; gives how many are left, after each transaction."""
    with tools.read() as session:
        left = staged(session, number)
    many = _parts_at_once(left)
    while True:
        with tools.read() as session:  # so that nobody waits for it: others come in between two transactions
            first = _first_part(session, number)
            parts = range(PARTS if first is None else first, PARTS)[:many]
            people = staged_people(session, tools.vault, number, parts)
        rows = _rows(tools.vault, people)
        with tools.write() as session:
            merging = find(session, number, lock=True)
            if merging.state is not ImportState.MERGING:
                return
            merging.worked_at = tools.clock()
            if first is None:
                if not throw_away_piece(session, number):
                    merging.state, merging.merged_at = ImportState.DONE, merging.worked_at
                    return
            elif _first_part(session, number) == first:  # and nobody else merged them meanwhile
                unstage(session, number, parts)  # first: who is added takes the room that they had
                _merge(session, tools.vault, merging, people, rows)
                left -= len(people.hashes)
        yield left


def _first_part(session: Session, number: int) -> int | None:
    """The first in which somebody is staged."""
    return session.scalar(select(func.min(ImportBatch.part)).filter_by(import_id=number))


def _parts_at_once(people: int) -> int:
    return min(PARTS, max(1, PARTS * AT_ONCE // max(people, 1)))


def _rows(vault: Vault, people: Crowd) -> dict[str, list[Any]]:
    """The columns of those who may be put on the list; sealed before others have to wait."""
    addresses, names = vault.seal_all(people.hashes, people.addresses, people.names)
    return {
        "address_hash": people.hashes,
        "sealed_address": addresses,
        "sealed_name": names,
        "languages": people.languages,
        "state": [State.SUBSCRIBED.value] * len(people.hashes),
    }


def _merge(session: Session, vault: Vault, merging: Import, people: Crowd, rows: dict[str, list[Any]]) -> None:
    judged = judge(session, vault, people)
    before = session.scalar(select(func.max(Subscriber.id))) or 0
    # Who signed up by themselves at this very moment stays as they are.
    added = {name: list(compress(column, judged.adds)) for name, column in rows.items()}
    insert_columns(session, Subscriber, added, skip=True)
    _agree(session, merging, before, people, judged.adds)
    _suppress(session, merging, judged)
    _label(session, merging, before, judged.there)
    note(session, merging.id, "conflict", sorted(judged.conflicts))
    merging.counts = dict(Counter(merging.counts) + judged.counts)


def _agree(session: Session, merging: Import, before: int, people: Crowd, adds: list[bool]) -> None:
    """Note the consent of who was just added: their numbers come after `before`, and they have none yet."""
    same = {"wording_id": merging.wording_id, "came_by": CAME_BY, "confirmed_on": merging.agreed_on}
    columns = {**same, "import_id": merging.id}
    values = [literal(value, Consent.__table__.c[name].type) for name, value in columns.items()]
    new = select(Subscriber.id, *values).where(Subscriber.id > before)
    if session.get_bind().dialect.name != "sqlite":  # where nobody else writes: elsewhere others join meanwhile
        new = new.where(~exists().where(Consent.subscriber_id == Subscriber.id))
    session.execute(insert(Consent).from_select(["subscriber_id", *columns], new))
    days = compress(zip(people.hashes, people.days, strict=True), adds)
    if own := [{"mark": mark, "day": day, "import": merging.id} for mark, day in days if day]:
        session.execute(_OWN_DAY, own)


def _suppress(session: Session, merging: Import, judged: Judged) -> None:
    day = merging.worked_at.date().isoformat()
    rows = [(address_hash, BROUGHT + standing, day) for address_hash, standing in judged.suppress.items()]
    insert_rows(session, Suppression, ("address_hash", "reason", "day"), rows, skip=True)
    if judged.take_off:
        # So that retention erases them; until then an undo brings them back.
        roll.take_off(session, roll.BY_HASH, judged.take_off, merging.worked_at, merging.id)


def _label(session: Session, merging: Import, before: int, there: list[int]) -> None:
    """Put them into the group; of those who were on the list it is noted, for the undo, who was not in it yet."""
    if merging.group_id is None:
        return
    for some in _in_pieces(there):
        inside = select(GroupMember.subscriber_id).where(GroupMember.group_id == merging.group_id)
        already = set(session.scalars(inside.where(GroupMember.subscriber_id.in_(some))))
        rows = [(merging.id, person) for person in some if person not in already]
        insert_rows(session, ImportLabel, ("import_id", "subscriber_id"), rows, skip=True)
        groups.put_in(session, merging.group_id, some)
    added = select(Consent.subscriber_id).where(Consent.import_id == merging.id, Consent.subscriber_id > before)
    groups.put_in(session, merging.group_id, added)


def _in_pieces(numbers: list[int]) -> Iterator[list[int]]:
    """As many at once as a statement takes."""
    return (numbers[at : at + AT_ONCE] for at in range(0, len(numbers), AT_ONCE))


def forget_conflicts(session: Session, number: int) -> None:
    """They are noted anew while the import is merged: the list may have changed."""
    session.execute(delete(ImportNote).where(ImportNote.import_id == number, ImportNote.kind == "conflict"))
