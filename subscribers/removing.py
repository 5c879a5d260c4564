"""Groups and topics are taken away, brought back within a day, and forgotten after it."""

from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from subscribers.leaving import UNDO_FOR
from subscribers.models import Group, Topic

Kind = type[Group] | type[Topic]


def remove(session: Session, kind: Kind, number: int, now: datetime) -> bool:
    """Take one away; says whether it was there."""
    there = update(kind).where(kind.id == number, kind.removed_at.is_(None))
    return session.scalar(there.values(removed_at=now).returning(kind.id)) is not None


def bring_back(session: Session, kind: Kind, number: int) -> bool:
    """The undo of it, with everyone who was in it; says whether it was still possible."""
    gone = update(kind).where(kind.id == number, kind.removed_at.is_not(None))
    return session.scalar(gone.values(removed_at=None).returning(kind.id)) is not None


def forget_removed(session: Session, now: datetime) -> None:
    """Forget those that were taken away more than a day ago; who was in them stays on the list."""
    for kind in (Group, Topic):
        session.execute(delete(kind).where(kind.removed_at <= now - UNDO_FOR))
