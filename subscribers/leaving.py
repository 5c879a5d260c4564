"""Leaving, and coming back within a day or so. After that the person is erased: see `retention`."""

import enum
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.orm import Session

from subscribers import roll
from subscribers.journal import Journal, note
from subscribers.journal_file import Kind
from subscribers.models import Consent, State, Subscriber, Suppression

UNDO_FOR = timedelta(days=1)
"""Unless an installation says otherwise."""


class Standing(enum.Enum):
    """Where a person stands, as their own link tells them."""

    ON_LIST = enum.auto()
    LEFT = enum.auto()
    """Off the list; undo is possible."""
    GONE = enum.auto()
    """Off the list for good; the link of someone erased says the same."""


def standing(session: Session, subscriber_id: int, now: datetime, *, undo_for: timedelta = UNDO_FOR) -> Standing:
    """Where this person stands; a number that belongs to nobody is someone erased."""
    state = session.scalar(select(Subscriber.state).where(Subscriber.id == subscriber_id))
    if state is None:
        return Standing.GONE
    if state is not State.LEFT:
        return Standing.ON_LIST
    may_return = session.scalar(select(Subscriber.id).where(_may_return(subscriber_id, now - undo_for)))
    return Standing.GONE if may_return is None else Standing.LEFT


def leave(
    session: Session, journal: Journal, subscriber_id: int, now: datetime, *, undo_for: timedelta = UNDO_FOR
) -> Standing:
    """Take the person off the list and suppress the address, in one transaction. Doing it again changes nothing."""
    leave_all(session, journal, [subscriber_id], now)
    return standing(session, subscriber_id, now, undo_for=undo_for)


def leave_all(session: Session, journal: Journal, people: Collection[int], now: datetime) -> None:
    """The same for several people, who stand in the journal together."""
    if left := roll.take_off(session, Subscriber.id.in_(people), now):
        note(session, journal, Kind.LEFT, left, now.date())


def undo(session: Session, subscriber_id: int, now: datetime, *, undo_for: timedelta = UNDO_FOR) -> Standing:
    """Put the person back if they left lately, and if nothing but that stands against it.

    Where it did, `journal.note_return` belongs into a transaction after this one.
    """
    roll.put_back(session, _may_return(subscriber_id, now - undo_for))
    return standing(session, subscriber_id, now, undo_for=undo_for)


def _may_return(subscriber_id: int, after: datetime) -> ColumnElement[bool]:
    """Left after that, suppressed for no other reason, and confirmed before: undo must not confirm a sign-up."""
    return and_(
        Subscriber.id == subscriber_id,
        Subscriber.state == State.LEFT,
        Subscriber.left_at > after,
        exists().where(Suppression.address_hash == Subscriber.address_hash, Suppression.reason == roll.LEFT),
        exists().where(Consent.subscriber_id == Subscriber.id, Consent.confirmed_on.is_not(None)),
    )
