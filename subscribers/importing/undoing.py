"""An import taken back: whom it added, as long as they did nothing since, and the labels it gave.

Whom it suppressed stays suppressed: they had left, wherever that was.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session, aliased

from subscribers import groups
from subscribers.importing.keeping import Tools, find
from subscribers.models import Consent, Import, ImportLabel, ImportState, State, Subscriber, Suppression

UNDO_FOR = timedelta(days=30)
CHUNK = 1_000
"""People in one transaction."""


def may_undo(merged: Import, now: datetime) -> bool:
    """Whether there is still time, and something to take back."""
    return merged.state is ImportState.DONE and merged.merged_at is not None and merged.merged_at > now - UNDO_FOR


def brought(session: Session, number: int) -> int:
    """How many people an undo would remove."""
    return session.scalars(select(func.count()).select_from(Consent).where(_untouched(number))).one()


def undo(tools: Tools, number: int) -> Iterator[int]:
    """Take the import back; gives how many people are removed, after each transaction."""
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
