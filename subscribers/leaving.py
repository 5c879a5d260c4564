"""Leaving, and coming back within a day or so. After that the person is erased: see `retention`."""

import enum
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, exists, select
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


class Seen(NamedTuple):
    """What a person's own link shows of them."""

    standing: Standing
    languages: str


_NOBODY = Seen(Standing.GONE, "")
"""A number that belongs to nobody is someone erased."""


def look(session: Session, people: Sequence[int], now: datetime, *, undo_for: timedelta = UNDO_FOR) -> list[Seen]:
    """Each of these people, by their numbers."""
    rows = session.execute(_LOOKING, {"people": people, "after": now - undo_for})
    seen = {row.id: Seen(_standing(row.state, row.may_return), row.languages) for row in rows}
    return [seen.get(person, _NOBODY) for person in people]


def standing(session: Session, subscriber_id: int, now: datetime, *, undo_for: timedelta = UNDO_FOR) -> Standing:
    """Where this person stands; a number that belongs to nobody is someone erased."""
    return look(session, [subscriber_id], now, undo_for=undo_for)[0].standing


def leave(
    session: Session, journal: Journal, subscriber_id: int, now: datetime, *, undo_for: timedelta = UNDO_FOR
) -> Standing:
    """Take the person off the list and suppress the address, in one transaction. Doing it again changes nothing."""
    leave_all(session, journal, [subscriber_id], now)
    return standing(session, subscriber_id, now, undo_for=undo_for)


def leave_all(session: Session, journal: Journal, people: Collection[int], now: datetime) -> None:
    """The same for several people, who stand in the journal together."""
    if left := roll.take_off(session, roll.BY_NUMBER, people, now):
        note(session, journal, Kind.LEFT, left, now.date())


def undo(session: Session, subscriber_id: int, now: datetime, *, undo_for: timedelta = UNDO_FOR) -> Standing:
    """Put the person back if they left lately, and if nothing but that stands against it.

    Where it did, `journal.note_return` belongs into a transaction after this one.
    """
    roll.put_back(session, and_(Subscriber.id == subscriber_id, _may_return(now - undo_for)))
    return standing(session, subscriber_id, now, undo_for=undo_for)


def _standing(state: State, may_return: bool) -> Standing:
    if state is not State.LEFT:
        return Standing.ON_LIST
    return Standing.LEFT if may_return else Standing.GONE


def _may_return(after: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Left after that, suppressed for no other reason, and confirmed before: undo must not confirm a sign-up."""
    return and_(
        Subscriber.state == State.LEFT,
        Subscriber.left_at > after,
        exists().where(Suppression.address_hash == Subscriber.address_hash, Suppression.reason == roll.LEFT),
        exists().where(Consent.subscriber_id == Subscriber.id, Consent.confirmed_on.is_not(None)),
    )


# Made once: everybody who leaves waits for it.
_LOOKING = select(
    Subscriber.id, Subscriber.state, Subscriber.languages, _may_return(bindparam("after")).label("may_return")
).where(Subscriber.id.in_(bindparam("people", expanding=True)))
