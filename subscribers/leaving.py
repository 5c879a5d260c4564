"""Leaving, and coming back within a day. After that the person is erased: see `retention`."""

import enum
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, delete, exists, literal, select, update
from sqlalchemy.orm import Session

from subscribers.inserting import insert_new
from subscribers.models import Consent, State, Subscriber, Suppression

UNDO_FOR = timedelta(days=1)
_LEFT = "left"


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


def leave(session: Session, subscriber_id: int, now: datetime) -> Standing:
    """Take the person off the list and suppress the address, in one transaction. Doing it again changes nothing."""
    left = session.scalar(
        update(Subscriber)
        .where(Subscriber.id == subscriber_id, Subscriber.state != State.LEFT)
        .values(state=State.LEFT, left_at=now)
        .returning(Subscriber.address_hash)
    )
    if left is not None:
        suppression = {"address_hash": left, "reason": _LEFT, "day": now.date()}
        session.execute(insert_new(session, Suppression).values(**suppression))
        _end_consent(session, subscriber_id, now)
    return standing(session, subscriber_id, now)


def undo(session: Session, subscriber_id: int, now: datetime) -> Standing:
    """Put the person back if they left within a day, and if nothing but that stands against it."""
    back = session.scalar(
        update(Subscriber)
        .where(_may_return(subscriber_id, now))
        .values(state=_as_before(), left_at=None)
        .returning(Subscriber.address_hash)
    )
    if back is not None:
        session.execute(delete(Suppression).where(Suppression.address_hash == back))
        _take_back_end(session, subscriber_id, now)
    return standing(session, subscriber_id, now)


def _may_return(subscriber_id: int, now: datetime) -> ColumnElement[bool]:
    """Left lately, suppressed for no other reason, and confirmed before: undo must not confirm a sign-up."""
    return and_(
        Subscriber.id == subscriber_id,
        Subscriber.state == State.LEFT,
        Subscriber.left_at > now - UNDO_FOR,
        exists().where(Suppression.address_hash == Subscriber.address_hash, Suppression.reason == _LEFT),
        exists().where(Consent.subscriber_id == Subscriber.id, Consent.confirmed_on.is_not(None)),
    )


def _as_before() -> ColumnElement[State]:
    """Who had paused is in that pause again."""
    paused, subscribed = (literal(state, Subscriber.state.type) for state in (State.PAUSED, State.SUBSCRIBED))
    return case((Subscriber.paused_until.is_not(None), paused), else_=subscribed)


def _end_consent(session: Session, subscriber_id: int, now: datetime) -> None:
    """Those that ended before, when the person left another time, keep their day."""
    standing = update(Consent).where(Consent.subscriber_id == subscriber_id, Consent.withdrawn_on.is_(None))
    session.execute(standing.values(withdrawn_on=now.date()))


def _take_back_end(session: Session, subscriber_id: int, now: datetime) -> None:
    """What ended within the time of undo stands again."""
    ended = Consent.withdrawn_on >= (now - UNDO_FOR).date()
    session.execute(update(Consent).where(Consent.subscriber_id == subscriber_id, ended).values(withdrawn_on=None))
