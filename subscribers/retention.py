"""What is forgotten, and when. Run by the clock of the scheduled job."""

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select
from sqlalchemy.orm import Session

from subscribers import roll
from subscribers.joining import FORGOTTEN_AFTER
from subscribers.journal import Journal, note
from subscribers.journal_file import Kind
from subscribers.leaving import UNDO_FOR
from subscribers.mailed import forgotten_on
from subscribers.models import MailedDay, SignUp, State, Subscriber


def erase_now(session: Session, journal: Journal, subscriber_id: int, now: datetime) -> None:
    """Erase one person at once, as they asked: only the suppression's keyed hash stays. This cannot be undone."""
    address_hash = roll.known_by(session, subscriber_id)
    if address_hash is not None:
        roll.take_off(session, roll.BY_NUMBER, [subscriber_id], now)
        roll.erase(session, address_hash)
        note(session, journal, Kind.ERASED, [address_hash], now.date())


def erase_address(session: Session, journal: Journal, address_hash: bytes, now: datetime) -> bool:
    """Erase whoever has this address, or waits with it for a confirmation; says whether there was anybody."""
    person = session.scalar(select(Subscriber.id).where(Subscriber.address_hash == address_hash))
    if person is None:
        return forget_sign_up(session, journal, address_hash, now)
    erase_now(session, journal, person, now)
    return True


def forget_sign_up(session: Session, journal: Journal, address_hash: bytes, now: datetime) -> bool:
    """Forget a sign-up that waits, as its owner asked; says whether there was one. They may sign up again."""
    waited = roll.forget_sign_up(session, address_hash)
    if waited:
        note(session, journal, Kind.FORGOTTEN, [address_hash], now.date())
    return waited


def erase_left(session: Session, now: datetime, *, undo_for: timedelta = UNDO_FOR) -> int:
    """Erase everyone who can undo it no more and say how many: only the suppression's keyed hash stays.

    Consents go with them, by the database; deliveries stay and lose their person.
    """
    gone = delete(Subscriber).where(Subscriber.state == State.LEFT, Subscriber.left_at <= now - undo_for)
    result = session.execute(gone, execution_options={"synchronize_session": False})
    return cast(CursorResult[Any], result).rowcount


def forget_sign_ups(session: Session, now: datetime, *, waits: timedelta = FORGOTTEN_AFTER) -> int:
    """Forget who was not confirmed for so long and say how many; and which addresses were mailed over a month ago."""
    session.execute(delete(MailedDay).where(MailedDay.day <= forgotten_on(now)))
    result = session.execute(delete(SignUp).where(SignUp.asked_at <= now - waits))
    return cast(CursorResult[Any], result).rowcount
