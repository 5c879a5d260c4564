"""An import taken back: whom it added, as long as they did nothing since, the labels it gave, and whom it took off the
list, as long as they are not erased and did not leave by themselves since.

Who was not on the list and was suppressed by it stays so: they had left, wherever that was.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session, aliased

from subscribers import groups, journal, roll
from subscribers.importing.keeping import Tools, find
from subscribers.journal_file import Kind
from subscribers.models import Consent, Import, ImportLabel, ImportState, State, Subscriber, Suppression

UNDO_FOR = timedelta(days=30)
CHUNK = 1_000
"""People in one transaction."""
BACK_AT_ONCE = 100
"""Who is brought back takes longer than who goes."""


def may_undo(merged: Import, now: datetime) -> bool:
    """Whether there is still time, and something to take back."""
    return merged.state is ImportState.DONE and merged.merged_at is not None and merged.merged_at > now - UNDO_FOR


def brought(session: Session, number: int) -> int:
    """How many people an undo would remove."""
    return session.scalars(select(func.count()).select_from(Consent).where(_untouched(number))).one()


def taken_off(session: Session, number: int) -> int:
    """How many people an undo would bring back."""
    return session.scalars(select(func.count()).select_from(Subscriber).where(_off(number))).one()


def undo(tools: Tools, number: int) -> Iterator[int]:
    """Take the import back; gives how many people are removed, after each transaction."""
    _bring_back(tools, number)
    removed = 0
    while True:
        with tools.write() as session:
            undoing = find(session, number, lock=True)
            if undoing.state is not ImportState.UNDOING:
                return
            undoing.worked_at = tools.clock()
            people = list(session.scalars(select(Consent.subscriber_id).where(_untouched(number)).limit(CHUNK)))
            if people:
                gone = delete(Subscriber).where(Subscriber.id.in_(people))
                session.execute(gone, execution_options={"synchronize_session": False})
                undoing.counts = dict(Counter(undoing.counts) + Counter(removed=len(people)))
            elif not _unlabel(session, undoing):
                undoing.state = ImportState.UNDONE
                return
        removed += len(people)
        yield removed


def _bring_back(tools: Tools, number: int) -> None:
    """Put back whom it took off, some in each transaction. The journal is told in the one after: a crash between the
    two errs on the side of not writing."""
    while True:
        with tools.write() as session:
            undoing = find(session, number, lock=True)
            if undoing.state is not ImportState.UNDOING:
                return
            undoing.worked_at = now = tools.clock()
            some = session.scalars(
                select(Subscriber.id).where(_off(number)).order_by(Subscriber.id).limit(BACK_AT_ONCE)
            )
            back = list(filter(None, (roll.put_back(session, Subscriber.id == person) for person in some)))
            undoing.counts = dict(Counter(undoing.counts) + Counter(returned=len(back)))
        if not back:
            return
        with tools.write() as session:
            journal.note(session, tools.journal, Kind.BACK, back, now.date())


def _off(number: int) -> ColumnElement[bool]:
    """Whom it took off, who are not erased yet and did not leave by themselves since."""
    return (Subscriber.off_by_import == number) & (Subscriber.state == State.LEFT)


def _untouched(number: int) -> ColumnElement[bool]:
    """Consents of those it brought who are on the list still, suppressed for nothing, and agreed to nothing else."""
    other, person = aliased(Consent), aliased(Subscriber)
    more = select(other.id).where(other.subscriber_id == Consent.subscriber_id, other.id != Consent.id)
    suppressed = select(Suppression.day).where(Suppression.address_hash == person.address_hash)
    on_list = select(person.id).where(
        person.id == Consent.subscriber_id, person.state == State.SUBSCRIBED, ~suppressed.exists()
    )
    return (Consent.import_id == number) & on_list.exists() & ~more.exists()


def _unlabel(session: Session, undoing: Import) -> bool:
    """Take some of those it labelled out of the group again; whether there were any."""
    labelled = select(ImportLabel.subscriber_id).where(ImportLabel.import_id == undoing.id).limit(CHUNK)
    people = list(session.scalars(labelled))
    if undoing.group_id is not None and people:
        groups.take_out(session, undoing.group_id, people)
    session.execute(
        delete(ImportLabel).where(ImportLabel.import_id == undoing.id, ImportLabel.subscriber_id.in_(people))
    )
    return bool(people)
