"""The journal: every leaving and erasure once more, as keyed hashes in a file beside the keys, not in the database.

When an older copy of the database is put back, the file knows who left since. The database keeps how far the file was
when it last wrote (`JournalPlace`). What takes people off stands in the file before the database commits, what brings
them back after it: a crash between the two leaves a difference that says itself what is to be done, and it errs on the
side of not writing to people. A beat is a number that the database commits before it stands in the file; so a beat in
the file that the database does not know shows that the database was put back.
"""

import enum
import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Select, bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from subscribers import roll
from subscribers.journal_file import JournalFile, Kind, Line, numbered
from subscribers.models import JournalPlace, Subscriber, Suppression

_AT_ONCE = 1000
"""Addresses that are noted in one transaction, where nobody waits for it."""


class Lag(enum.Enum):
    """How the database stands to its journal."""

    NONE = enum.auto()
    """It knows all that the journal holds."""
    PUT_BACK = enum.auto()
    """An older copy was put back: it knows less."""
    LOST = enum.auto()
    """There is no journal beside these keys, and there is one elsewhere, or was."""
    STUCK = enum.auto()
    """It cannot be written."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of a replay."""

    people: int
    """About how many people there were lines."""
    unreadable: int
    """Lines."""


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal that lies beside a key file. Several newsletters may share the keys, so its name holds its id."""

    keys: Path

    def file(self, number: int) -> JournalFile:
        """The file with this id; whether it is there or not."""
        return JournalFile(self.keys.with_name(f"{self.keys.stem}.{number:08x}.journal"))

    def is_any_here(self) -> bool:
        """Whether these keys had a journal before, whichever database's. One that was only begun does not count: a
        crash may have kept its database from knowing it. Raises OSError."""
        files = self.keys.parent.glob(f"{self.keys.stem}.*.journal")
        return any(JournalFile(path).length() > 1 for path in files)


class Beat(NamedTuple):
    """A beat that has its number, and where it is to stand."""

    file: JournalFile
    line: Line


class Place(NamedTuple):
    """A row of JournalPlace."""

    id: int
    lines: int
    beat: int


_PLACES = JournalPlace.metadata.tables[JournalPlace.__tablename__]
# Made once: everybody who leaves waits for them.
_LOOKING = select(_PLACES.c.id, _PLACES.c.lines, _PLACES.c.beat).order_by(_PLACES.c.id)
_LOCKING = _LOOKING.with_for_update()
_KEEPING = (
    update(_PLACES)
    .where(_PLACES.c.id == bindparam("number"))
    .values(lines=bindparam("to_lines"), beat=bindparam("to_beat"))
)

_UNNOTED = Suppression.noted_on.is_(None)


def note(session: Session, journal: Journal, kind: Kind, marks: Iterable[bytes], day: date) -> None:
    """Write deeds into the journal, within the transaction that does them (or, `Kind.BACK`, in the one after).

    They are on the disk when this returns. Where the file cannot be written they are done all the same, since nobody
    must be kept on the list for want of a disk; but nothing is sent then: see `lag`.
    """
    _append(session, journal, [Line(kind, mark, day) for mark in marks], day)


def note_return(session: Session, journal: Journal, subscriber_id: int, day: date) -> None:
    """Write down that somebody came back by their own will, in a transaction after the one that brought them back."""
    address_hash = roll.known_by(session, subscriber_id)
    if address_hash is not None:
        note(session, journal, Kind.BACK, [address_hash], day)


def note_moved(session: Session, journal: Journal, subscriber_id: int, before: bytes, day: date) -> None:
    """Write down that this person gave up the address with that hash, in a transaction after the one that changed it.

    So a database from before writes to the old address no more; the new one it does not know. They may change back.
    """
    note(session, journal, Kind.MOVED, [before], day)
    note_return(session, journal, subscriber_id, day)


def is_anybody_to_note(session: Session) -> bool:
    """Whether `note_suppressed` has something to do; asked often."""
    return session.scalar(select(Suppression.day).where(_UNNOTED).limit(1)) is not None


def note_suppressed(session: Session, journal: Journal, day: date) -> bool:
    """Write down some of those whose addresses were suppressed for another reason than leaving, in a transaction after
    the one that did it; says whether to go on. No mailing waits for it: a mail server would say it again."""
    waiting = select(Suppression.address_hash, Suppression.reason, Suppression.day).where(_UNNOTED)
    some = waiting.order_by(Suppression.address_hash).limit(_AT_ONCE)
    rows = session.execute(some.with_for_update(skip_locked=True)).all()
    lines = [Line(_kind(reason), mark, since) for mark, reason, since in rows]
    if not lines or not _append(session, journal, lines, day):
        return False
    noted = update(Suppression).where(Suppression.address_hash.in_([line.mark for line in lines]))
    session.execute(noted.values(noted_on=day), execution_options={"synchronize_session": False})
    return True


def lag(session: Session, journal: Journal, day: date) -> Lag:
    """How the database stands to its journal, in a transaction that may write. What a crash left is mended here.

    A machine that is new begins a journal and waits: one that knows of all in its own lets it in, since it has seen
    that the database is not an older one.
    """
    try:
        place = _locked(session, journal) or _begun(session, journal, day)
        file = journal.file(place.id)
        if not file.path.exists() and not journal.is_any_here():
            _begun(session, journal, day, lines=0)
        if not file.path.exists() or not place.lines:
            return Lag.LOST
        file.append([])
        if not _mend(session, place, file):
            return Lag.PUT_BACK
        if asking := _asking(journal, _places(session)):
            session.execute(update(JournalPlace).where(JournalPlace.id.in_(asking)).values(lines=1))
        return Lag.NONE
    except OSError:
        return Lag.STUCK


def is_in_step(session: Session, journal: Journal) -> bool:
    """Whether the database knows every line of the journal. A look that changes nothing and waits for nobody, so it may
    say no while somebody is leaving; `lag` knows."""
    places = _places(session)
    place = _at_hand(journal, places)
    if place is None or not place.lines or _asking(journal, places):
        return False
    if not os.access(journal.file(place.id).path, os.W_OK):
        return False
    return journal.file(place.id).length() <= place.lines


def next_beat(session: Session, journal: Journal, day: date) -> Beat | None:
    """A beat for `note_beat` after this transaction; nothing where the two are not in step: a database that was put
    back would count itself up to what it does not know."""
    place = None if lag(session, journal, day) is not Lag.NONE else _locked(session, journal)
    if place is None:
        return None
    _keep(session, place._replace(beat=place.beat + 1))
    return Beat(journal.file(place.id), Line(Kind.BEAT, numbered(place.beat + 1), day))


def note_beat(beat: Beat) -> bool:
    """Write down that the database lives, or is about to send; whether that is on the disk now.

    In no transaction: the database knows this beat, and whoever looks next knows that it stands there (`_mend`).
    """
    try:
        beat.file.append([beat.line])
    except OSError:
        return False
    return True


def known(session: Session, journal: Journal) -> dict[int, JournalFile]:
    """Every journal that the database knows, by its id; their files may be elsewhere, or lost."""
    places = _places(session)
    empty = _asking(journal, places)  # and hold nothing
    return {place.id: journal.file(place.id) for place in places if place.id not in empty}


def catch_up(session: Session, files: Mapping[int, JournalFile]) -> Replayed:
    """Do again what each of these journals (by their ids) holds beyond the database, which knows it from now on.

    Raises OSError.
    """
    parts: list[list[Line]] = []
    unreadable = 0
    for number, file in sorted(files.items()):
        place = session.get(JournalPlace, number, with_for_update=True) or JournalPlace(id=number, lines=0, beat=0)
        read = list(file.read(place.lines))
        parts.append([line for line in read if line])
        unreadable += read.count(None)
        place.beat = max([place.beat, *(line.number for line in parts[-1] if line.kind is Kind.BEAT)])
        place.lines += len(read)
        session.add(place)
    return Replayed(replay(session, parts), unreadable)


def do_without(session: Session, journal: Journal, numbers: Iterable[int], day: date) -> None:
    """Forget journals that are lost, and begin one where none is left beside the keys. Raises OSError."""
    session.execute(delete(JournalPlace).where(JournalPlace.id.in_(list(numbers))))
    if not any(file.path.exists() for file in known(session, journal).values()):
        _begun(session, journal, day)


def replay(session: Session, parts: Sequence[Sequence[Line]]) -> int:
    """Do again what the lines of each journal say, and say about how many people they were. Doing it again changes
    nothing.

    Of one person only what came after their last return counts, and that. Two journals do not know which of them was
    first on one day: then who left stays away.
    """
    lives = [life for lines in parts for life in _lives(lines)]
    for life in sorted(lives, key=lambda life: (life[-1].day, life[-1].kind is not Kind.BACK)):
        for line in life:
            _do(session, line)
    return len({line.mark for life in lives for line in life})


def _lives(lines: Iterable[Line]) -> list[list[Line]]:
    """The lines about each person, from their last return on."""
    by_person: dict[bytes, list[Line]] = {}
    for line in lines:
        if line.kind is Kind.BACK:
            by_person[line.mark] = [line]
        elif line.kind not in (Kind.BEGUN, Kind.BEAT):
            by_person.setdefault(line.mark, []).append(line)
    return list(by_person.values())


def _kind(reason: str) -> Kind:
    """What the journal says of a suppression's reason: a bounce is a bounce, also where an import told of it."""
    return Kind.BOUNCED if reason.endswith(Kind.BOUNCED) else Kind(reason.partition(" ")[0])


def _do(session: Session, line: Line) -> None:
    who = Subscriber.address_hash == line.mark
    if line.kind is Kind.BACK:
        roll.put_back(session, who)
        roll.lift(session, line.mark)
    elif line.kind is Kind.FORGOTTEN:
        roll.forget_sign_up(session, line.mark)
    elif line.kind is Kind.MOVED:  # where to is not known here: nobody is written to, and nobody is kept from returning
        roll.erase(session, line.mark)
    else:
        reason = roll.LEFT if line.kind is Kind.ERASED else line.kind
        roll.suppress(session, line.mark, reason, line.day)
        if line.kind is not Kind.BOUNCED:  # those stay on the list, unwritten, until somebody lifts it or they leave
            roll.take_off(session, roll.BY_HASH, [line.mark], datetime.combine(line.day, time.min, UTC))
    if line.kind is Kind.ERASED:
        roll.erase(session, line.mark)


def _mend(session: Session, place: Place, file: JournalFile) -> bool:
    """Do what a crash kept the database from committing; whether it knows all that the file holds.

    The place is locked while a line is appended and until that is committed, so what the file has more is either that,
    or the database was put back. Then there is a beat that it does not know, and a person has to look.
    """
    if not place.lines:
        return False
    if file.length() <= place.lines:
        return True
    more = [line for line in file.read(place.lines) if line]
    if any(line.kind is Kind.BEAT and line.number > place.beat for line in more):
        return False
    replay(session, [more])
    _keep(session, place._replace(lines=file.length()))
    return True


def _append(session: Session, journal: Journal, lines: Sequence[Line], day: date) -> bool:
    """Whether the lines are on the disk now."""
    try:
        place = _locked(session, journal) or _begun(session, journal, day)
        file = journal.file(place.id)
        knows_all = _mend(session, place, file)
        length = file.append(lines)
    except OSError:
        return False
    if knows_all:
        _keep(session, place._replace(lines=length))
    return True


def _locked(session: Session, journal: Journal) -> Place | None:
    """The place in the journal that is at hand, for this transaction alone; in a lost one, where none is; nothing where
    none was ever begun."""
    return _at_hand(journal, _places(session, _LOCKING))


def _places(session: Session, asked: Select[int, int, int] = _LOOKING) -> list[Place]:
    return [Place(*row) for row in session.execute(asked)]


def _at_hand(journal: Journal, places: Sequence[Place]) -> Place | None:
    here = [place for place in places if journal.file(place.id).path.exists()]
    return max(here or places[:1], key=lambda place: place.lines, default=None)


def _asking(journal: Journal, places: Sequence[Place]) -> list[int]:
    """Other machines that wait to be let in."""
    return [place.id for place in places if not (place.lines or journal.file(place.id).path.exists())]


def _keep(session: Session, place: Place) -> None:
    session.execute(_KEEPING, {"number": place.id, "to_lines": place.lines, "to_beat": place.beat})


def _begun(session: Session, journal: Journal, day: date, lines: int = 1) -> Place:
    """A new journal; with no `lines` it waits to be let in. Raises OSError."""
    place = Place(secrets.randbits(32), lines, 0)
    JournalFile.begin(journal.file(place.id).path, place.id, day)
    session.execute(insert(_PLACES).values(place._asdict()))
    return place
