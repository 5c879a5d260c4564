"""Importing people: the file is kept sealed, its columns are said, everybody is staged and looked at, then merged.

Each step is begun by a person and done in many short transactions by `go_on`, in this process or another: whoever is
killed in the middle is gone on with.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import BinaryIO, NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from subscribers import consent, groups
from subscribers.errors import BadDay, BadFile, SubscriberError
from subscribers.importing.columns import Columns
from subscribers.importing.csv_files import ENCODINGS
from subscribers.importing.judging import OFF, OUTCOMES
from subscribers.importing.keeping import LARGEST, Tools, find, keep, throw_away
from subscribers.importing.merging import BROUGHT, forget_conflicts, look, merge, pass_by
from subscribers.importing.outlines import Outline, outline, unsaid
from subscribers.importing.people import Person, Refused, table_and_line
from subscribers.importing.recipes import RECIPES, Standing
from subscribers.importing.staging import note, stage, unstage
from subscribers.importing.undoing import UNDO_FOR, brought, may_undo, taken_off, undo
from subscribers.models import Import, ImportLabel, ImportNote, ImportState

__all__ = [
    "BROUGHT",
    "ENCODINGS",
    "FORGOTTEN_AFTER",
    "LARGEST",
    "OFF",
    "OUTCOMES",
    "RECIPES",
    "UNDO_FOR",
    "Agreed",
    "Columns",
    "Outline",
    "Person",
    "Progress",
    "Refused",
    "Standing",
    "Told",
    "Tools",
    "begin_merge",
    "begin_undo",
    "brought",
    "choose",
    "choose_again",
    "find",
    "forget",
    "give_up",
    "go_on",
    "imports",
    "keep",
    "may_undo",
    "notes",
    "outline",
    "standing_still",
    "table_and_line",
    "take_in",
    "taken_off",
    "unsaid",
]

FORGOTTEN_AFTER = timedelta(days=7)
"""How long a file waits whose people are not merged."""
STILL = timedelta(minutes=2)
"""An import that has not come on for so long is nobody's."""
_WORKING = (ImportState.READING, ImportState.MERGING, ImportState.UNDOING)
_OPEN = (ImportState.ARRIVING, ImportState.GIVEN, ImportState.READING, ImportState.READ)


class Agreed(NamedTuple):
    """Where the consent of everybody in a file came from, in somebody's words, and when."""

    wording: consent.Wording
    on: date


class Told(NamedTuple):
    """A note about one line of a file."""

    table: int
    line: int
    kind: str
    why: str


class Progress(NamedTuple):
    """How far an import is."""

    state: ImportState
    done: int
    """Rows that are read, people that are left to merge, or people that are removed."""


def take_in(tools: Tools, file: BinaryIO, called: str, agreed: Agreed) -> int:
    """Import a file at once, as its columns tell; gives the import's number.

    Raises SubscriberError where a person has to say something; then nobody was added.
    """
    number = keep(tools, file, called)
    try:
        choose(tools, number, outline(tools, number).columns, agreed)
        for _ in go_on(tools, number, look_first=False):
            pass
    except SubscriberError:
        with tools.write() as session:
            give_up(session, number)
        raise
    with tools.write() as session:
        begin_merge(session, number, tools.clock())
    for _ in go_on(tools, number):
        pass
    return number


def choose(
    tools: Tools, number: int, columns: Columns, agreed: Agreed, *, encoding: str = "", group: int | None = None
) -> None:
    """Say how a file is to be read, by what right, and into which group everybody goes; then `go_on` reads it.

    Raises SubscriberError where something is missing or wrong; then nothing was changed.
    """
    if problem := outline(tools, number, columns, encoding).problem:
        raise BadFile(problem)
    if words := unsaid(tools, number, columns, encoding):
        shown = ", ".join(f"“{word or '(nothing)'}”" for word in words)
        raise SubscriberError(f"Say how people stand of whom the file says {shown}.")
    now = tools.clock()
    if agreed.on > now.date():
        raise BadDay("The day of the consent is still to come.")
    with tools.write() as session:
        chosen = _in_state(session, number, ImportState.GIVEN)
        chosen.wording_id = consent.wording_id(session, agreed.wording)
        chosen.agreed_on, chosen.encoding, chosen.columns = agreed.on, encoding, columns.as_json()
        chosen.group_id = groups.find(session, group).id if group else None
        chosen.state, chosen.worked_at = ImportState.READING, now


def choose_again(session: Session, number: int) -> None:
    """Back to the columns: what was staged is forgotten, the file is still kept."""
    _back(session, _in_state(session, number, ImportState.READ))


def begin_merge(session: Session, number: int, now: datetime) -> None:
    """Put everybody on the list who may be; then `go_on` does it. Raises SubscriberError."""
    begun = _in_state(session, number, ImportState.READ)
    begun.state, begun.worked_at = ImportState.MERGING, now
    begun.counts = {"refused": begun.counts.get("refused", 0)}
    forget_conflicts(session, number)


def begin_undo(session: Session, number: int, now: datetime) -> None:
    """Take an import back; then `go_on` does it. Raises SubscriberError."""
    undone = _in_state(session, number, ImportState.DONE)
    if not may_undo(undone, now):
        raise SubscriberError(f"An import can be taken back for {UNDO_FOR.days} days; this one is older.")
    undone.state, undone.worked_at = ImportState.UNDOING, now


def give_up(session: Session, number: int) -> None:
    """Forget a file before its people are merged. Raises SubscriberError."""
    given_up = find(session, number, lock=True)
    if given_up.state not in _OPEN:
        raise SubscriberError("This import is past that: it can be taken back when it is done.")
    _forget(session, given_up)


def go_on(tools: Tools, number: int, *, look_first: bool = True) -> Iterator[Progress]:
    """Do what an import was told, in short transactions; gives how far it is, after each.

    Any number of processes may do so at once: one of them comes on. A file that turns out to be none goes back to the
    choice of its columns, and raises BadFile. Without `look_first` it is not counted what a merge would do.
    """
    with tools.read() as session:
        state = find(session, number).state
    if state is ImportState.READING:
        yield from (Progress(state, done) for done in _read(tools, number, look_first))
    elif state is ImportState.MERGING:
        yield from (Progress(state, left) for left in merge(tools, number))
    elif state is ImportState.UNDOING:
        yield from (Progress(state, removed) for removed in undo(tools, number))


def _read(tools: Tools, number: int, look_first: bool) -> Iterator[int]:
    try:
        is_all = yield from stage(tools, number)
    except BadFile as error:
        with tools.write() as session:
            _back(session, find(session, number, lock=True))
            note(session, number, "broken", [(0, str(error))])
        raise
    if is_all:
        (look if look_first else pass_by)(tools, number)


def imports(session: Session) -> list[Import]:
    """Every import, the newest first."""
    return list(session.scalars(select(Import).order_by(Import.id.desc())))


def notes(session: Session, number: int, kind: str = "", most: int | None = None) -> list[Told]:
    """What should be known about lines of the file, in their order: of one kind, or all."""
    wanted = select(ImportNote).where(ImportNote.import_id == number).order_by(ImportNote.place, ImportNote.id)
    if kind:
        wanted = wanted.where(ImportNote.kind == kind)
    return [Told(*table_and_line(note.place), note.kind, note.why) for note in session.scalars(wanted.limit(most))]


def standing_still(session: Session, now: datetime) -> list[int]:
    """Imports that somebody began and nobody goes on with."""
    still = select(Import.id).where(Import.state.in_(_WORKING), Import.worked_at <= now - STILL)
    return list(session.scalars(still.order_by(Import.id)))


def forget(session: Session, now: datetime) -> int:
    """Forget files that waited for a week, and what only an undo needs when its time is over; says how many files."""
    waiting = select(Import).where(Import.state.in_(_OPEN), Import.begun_at <= now - FORGOTTEN_AFTER)
    forgotten = session.scalars(waiting.with_for_update()).all()
    for one in forgotten:
        _forget(session, one)
    over = select(Import.id).where(Import.merged_at <= now - UNDO_FOR).scalar_subquery()
    for table in (ImportLabel, ImportNote):
        session.execute(delete(table).where(table.import_id.in_(over)))
    return len(forgotten)


def _back(session: Session, one: Import) -> None:
    """To the choice of columns: the file is still kept."""
    _unread(session, one)
    one.state = ImportState.GIVEN


def _unread(session: Session, one: Import) -> None:
    unstage(session, one.id)
    session.execute(delete(ImportNote).where(ImportNote.import_id == one.id))
    one.rows_read, one.counts = 0, {}


def _forget(session: Session, one: Import) -> None:
    _unread(session, one)
    throw_away(session, one.id)
    one.state = ImportState.GIVEN_UP


def _in_state(session: Session, number: int, state: ImportState) -> Import:
    found = find(session, number, lock=True)
    if found.state is not state:
        raise SubscriberError(f"This import is {found.state} by now: look at it again.")
    return found
