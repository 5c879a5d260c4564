"""Groups and topics are taken away, brought back within a day, and forgotten after it."""

from datetime import datetime
from typing import Any

from sqlalchemy import case, delete, exists, update
from sqlalchemy.orm import Session, aliased

from subscribers.leaving import UNDO_FOR
from subscribers.models import Group, Topic

Kind = type[Group] | type[Topic]


def remove(session: Session, kind: Kind, number: int, now: datetime) -> bool:
    """Take one away; says whether it was there."""
    there = update(kind).where(kind.id == number, kind.removed_at.is_(None))
    return session.scalar(there.values(removed_at=now).returning(kind.id)) is not None


def bring_back(session: Session, kind: Kind, number: int) -> bool:
    """The undo of it, with everyone who was in it; says whether it was still possible.

    A group whose page's address was given to another one meanwhile comes back without a page.
    """
    back: dict[str, Any] = {"removed_at": None}
    if kind is Group:
        other = aliased(Group)
        taken = exists().where(other.slug == Group.slug, other.removed_at.is_(None))
        back["slug"] = case((taken, None), else_=Group.slug)
    gone = update(kind).where(kind.id == number, kind.removed_at.is_not(None))
    return session.scalar(gone.values(back).returning(kind.id)) is not None


def forget_removed(session: Session, now: datetime) -> None:
    """Forget those that were taken away more than a day ago; who was in them stays on the list."""
    for kind in (Group, Topic):
        session.execute(delete(kind).where(kind.removed_at <= now - UNDO_FOR))
