"""What is forgotten, and when. Run by the clock of the scheduled job."""

from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select
from sqlalchemy.orm import Session

from subscribers.joining import FORGOTTEN_AFTER
from subscribers.leaving import UNDO_FOR, leave
from subscribers.mailed import forgotten_on
from subscribers.models import MailedDay, SignUp, State, Subscriber


def erase_now(session: Session, subscriber_id: int, now: datetime) -> None:
    """Erase one person at once, as they asked: only the suppression's keyed hash stays. This cannot be undone."""
    leave(session, subscriber_id, now)
    address_hash = select(Subscriber.address_hash).where(Subscriber.id == subscriber_id).scalar_subquery()
    session.execute(delete(SignUp).where(SignUp.address_hash == address_hash))
    gone = delete(Subscriber).where(Subscriber.id == subscriber_id)
    session.execute(gone, execution_options={"synchronize_session": False})


def erase_left(session: Session, now: datetime) -> int:
    """Erase everyone who left more than a day ago and say how many: only the suppression's keyed hash stays.

    Consents go with them, by the database; deliveries stay and lose their person.
    """
    gone = delete(Subscriber).where(Subscriber.state == State.LEFT, Subscriber.left_at <= now - UNDO_FOR)
    result = session.execute(gone, execution_options={"synchronize_session": False})
    return cast(CursorResult[Any], result).rowcount


def forget_sign_ups(session: Session, now: datetime) -> int:
    """Forget who was not confirmed for a week and say how many; and which addresses were mailed over a month ago."""
    session.execute(delete(MailedDay).where(MailedDay.day <= forgotten_on(now)))
    result = session.execute(delete(SignUp).where(SignUp.asked_at <= now - FORGOTTEN_AFTER))
    return cast(CursorResult[Any], result).rowcount
