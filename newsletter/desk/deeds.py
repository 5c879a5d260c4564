"""The audit: who did what, and when, in words."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.desk.models import Deed, Member


def record(session: Session, member: int | None, what: str, about: str, now: datetime) -> None:
    """Note a deed. `about` holds numbers and names of ours, never an address."""
    session.add(Deed(member_id=member, what=what, about=about, at=now))


def latest(session: Session, most: int = 100) -> Sequence[tuple[Deed, str | None]]:
    """The newest deeds, each with the member's name where they are still known."""
    rows = session.execute(
        select(Deed, Member.name).outerjoin(Member, Member.id == Deed.member_id).order_by(Deed.id.desc()).limit(most)
    )
    return [(deed, name) for deed, name in rows]
