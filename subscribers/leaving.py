"""Leaving, and coming back within a day. After that the person is erased: see `retention`."""

import enum
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.orm import Session

from subscribers import roll
from subscribers.journal import Journal, note
from subscribers.journal_file import Kind
from subscribers.models import Consent, State, Subscriber, Suppression

UNDO_FOR = timedelta(days=1)


class Standing(enum.Enum):
    """Where a person stands, as their own link tells them."""

    ON_LIST = enum.auto()
    LEFT = enum.auto()
    """Off the list; undo is possible."""
    GONE = enum.auto()
    """Off the list for good; the link of someone erased says the same."""


def standing(session: Session, subscriber_id: int, now: datetime) -> Standing:
    """Where this person stands; a number that belongs to nobody is someone erased."""
    state = session.scalar(select(Subscriber.state).where(Subscriber.id == subscriber_id))
    if state is None:
        return Standing.GONE
    if state is not State.LEFT:
        return Standing.ON_LIST
    may_return = session.scalar(select(Subscriber.id).where(_may_return(subscriber_id, now)))
    return Standing.GONE if may_return is None else Standing.LEFT


def leave(session: Session, journal: Journal, subscriber_id: int, now: datetime) -> Standing:
    """Take the person off the list and suppress the address, in one transaction. Doing it again changes nothing."""
    left = roll.take_off(session, Subscriber.id == subscriber_id, now)
    if left is not None:
        note(session, journal, Kind.LEFT, [left], now.date())
    return standing(session, subscriber_id, now)


def undo(session: Session, subscriber_id: int, now: datetime) -> Standing:
    """Put the person back if they left within a day, and if nothing but that stands against it.

    Where it did, `journal.note_return` belongs into a transaction after this one.
    """
    roll.put_back(session, _may_return(subscriber_id, now))
    return standing(session, subscriber_id, now)


def _may_return(subscriber_id: int, now: datetime) -> ColumnElement[bool]:
    """Left lately, suppressed for no other reason, and confirmed before: undo must not confirm a sign-up."""
    return and_(
        Subscriber.id == subscriber_id,
        Subscriber.state == State.LEFT,
        Subscriber.left_at > now - UNDO_FOR,
        exists().where(Suppression.address_hash == Subscriber.address_hash, Suppression.reason == roll.LEFT),
        exists().where(Consent.subscriber_id == Subscriber.id, Consent.confirmed_on.is_not(None)),
    )
