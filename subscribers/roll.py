"""The statements that put somebody on the list's roll or take them off it: for the deeds of people, and for the replay
of the journal, which knows hashes alone."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import BindParameter, ColumnElement, Update, bindparam, case, delete, literal, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.dml import ReturningUpdate

from subscribers.inserting import insert_new, insert_rows
from subscribers.models import AddressChange, Consent, SignUp, State, Subscriber, Suppression

LEFT, BOUNCED = "left", "bounced"
"""Reasons of a suppression."""
_LOOSE = {"synchronize_session": False}
"""Who asks for somebody again in the same transaction asks the database."""


# Made once: everybody who leaves waits for them.
_WHOM: BindParameter[Any] = bindparam("whom", expanding=True)


class By(NamedTuple):
    """How `take_off` is told whom."""

    leaving: ReturningUpdate[int, bytes]
    again: Update
    """Who is off already is told so once more: then no import's undo brings them back."""


def _by(key: InstrumentedAttribute[Any]) -> By:
    leaving = update(Subscriber).where(key.in_(_WHOM), Subscriber.state != State.LEFT)
    off = leaving.values(state=State.LEFT, left_at=bindparam("at"), off_by_import=bindparam("off_by"))
    again = update(Subscriber).where(key.in_(_WHOM), Subscriber.off_by_import.is_distinct_from(bindparam("off_by")))
    return By(off.returning(Subscriber.id, Subscriber.address_hash), again.values(off_by_import=None))


BY_NUMBER, BY_HASH = _by(Subscriber.id), _by(Subscriber.address_hash)
# Those that ended before, when the person left another time, keep their day.
_ENDING = (
    update(Consent)
    .where(Consent.subscriber_id.in_(_WHOM), Consent.withdrawn_on.is_(None))
    .values(withdrawn_on=bindparam("day"))
)
_ENDING_BY_THEMSELVES = _ENDING.values(import_id=None)
"""No undo of the import that brought them meddles with it now."""


def take_off(
    session: Session, by: By, whom: Collection[int] | Collection[bytes], at: datetime, off_by: int | None = None
) -> list[bytes]:
    """Take these people off, suppress their addresses and end their consents; the hashes of those who were not off
    already, which belong into the journal. The statements are the same few for any number of people. `off_by`: the
    import that does it."""
    told = {"whom": whom, "off_by": off_by}
    left = session.execute(by.leaving, told | {"at": at}, execution_options=_LOOSE).all()
    if len(left) < len(whom):
        session.execute(by.again, told, execution_options=_LOOSE)
    if not left:
        return []
    day = at.date()
    rows = [(row.address_hash, LEFT, day.isoformat(), day.isoformat()) for row in left]
    insert_rows(session, Suppression, ("address_hash", "reason", "day", "noted_on"), rows, skip=True)
    ending = _ENDING_BY_THEMSELVES if off_by is None else _ENDING
    session.execute(ending, {"whom": [row.id for row in left], "day": day}, execution_options=_LOOSE)
    return [row.address_hash for row in left]


def put_back(session: Session, who: ColumnElement[bool]) -> bytes | None:
    """Put back who left, with the consents that ended then; the address's hash, or nothing where they did not leave."""
    leaving = select(Subscriber.id, Subscriber.address_hash, Subscriber.left_at)
    left = session.execute(leaving.where(who, Subscriber.state == State.LEFT).with_for_update()).one_or_none()
    if left is None:
        return None
    person, address_hash, left_at = left
    back = {"state": _as_before(), "left_at": None, "off_by_import": None}
    session.execute(update(Subscriber).where(Subscriber.id == person).values(**back))
    bounced = Suppression.reason.endswith(BOUNCED)  # who left is suppressed for that where they were before
    session.execute(delete(Suppression).where(Suppression.address_hash == address_hash, ~bounced))
    ended = update(Consent).where(
        Consent.subscriber_id == person, Consent.withdrawn_on >= cast(datetime, left_at).date()
    )
    session.execute(ended.values(withdrawn_on=None))
    return address_hash


def suppress(session: Session, address_hash: bytes, reason: str, day: date) -> bool:
    """Never write to this address again, as the journal says; says whether that is new."""
    row = insert_new(session, Suppression).values(address_hash=address_hash, reason=reason, day=day, noted_on=day)
    return session.scalar(row.returning(Suppression.day)) is not None


def lift(session: Session, address_hash: bytes) -> None:
    """The address may be written to again."""
    session.execute(delete(Suppression).where(Suppression.address_hash == address_hash))


def erase(session: Session, address_hash: bytes) -> None:
    """Erase the person with this address, and what waits for their word; a suppression stays."""
    forget_sign_up(session, address_hash)
    session.execute(delete(Subscriber).where(Subscriber.address_hash == address_hash), execution_options=_LOOSE)


def forget_sign_up(session: Session, address_hash: bytes) -> bool:
    """Forget the sign-up of this address, and changes to it; says whether it was still waiting."""
    sign_up = delete(SignUp).where(SignUp.address_hash == address_hash).returning(SignUp.sealed_address)
    awaited = AddressChange.sealed_address.is_not(None)
    change = delete(AddressChange).where(AddressChange.address_hash == address_hash, awaited)
    gone = [*session.scalars(sign_up), *session.scalars(change.returning(AddressChange.sealed_address))]
    return any(sealed is not None for sealed in gone)


def own_will(session: Session, subscriber: int) -> None:
    """Note that somebody did something of their own will: undoing the import that brought them leaves them in peace."""
    brought = update(Consent).where(Consent.subscriber_id == subscriber, Consent.import_id.is_not(None))
    session.execute(brought.values(import_id=None), execution_options=_LOOSE)


def known_by(session: Session, subscriber_id: int) -> bytes | None:
    """The address's hash of this person; nothing where they were erased."""
    return session.scalar(select(Subscriber.address_hash).where(Subscriber.id == subscriber_id))


def _as_before() -> ColumnElement[State]:
    """Who had paused is in that pause again."""
    paused, subscribed = (literal(state, Subscriber.state.type) for state in (State.PAUSED, State.SUBSCRIBED))
    return case((Subscriber.paused_until.is_not(None), paused), else_=subscribed)
