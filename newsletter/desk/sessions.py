"""Sessions are rows: members see theirs and end them; all end with a change of password or role."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from newsletter.desk import deeds, passwords
from newsletter.desk.errors import NotSignedIn
from newsletter.desk.models import DeskSession, Member
from subscribers import addresses
from subscribers.errors import BadAddress
from subscribers.vault import Vault

IDLE = timedelta(days=14)
"""A session that nobody uses ends."""

_SEEN_EVERY = timedelta(minutes=5)
WRONG = "Address and password do not belong together, or nobody here has that address."


def whom(vault: Vault, address: str) -> bytes:
    """The hash by which the member of an address is found; what is no address is nobody's."""
    try:
        return vault.hash(addresses.normal(address))
    except BadAddress:
        return b""


def prove(session: Session, address_hash: bytes, password: str) -> Member:
    """The member with this address and password; it takes long, so hand in a session that only reads.

    Raises NotSignedIn, in the same words and after the same work for known and unknown people.
    """
    member = session.scalars(select(Member).where(Member.address_hash == address_hash)).first()
    right = passwords.matches(password, member.password if member and member.ended_at is None else None)
    if member is None or not right:
        raise NotSignedIn(WRONG)
    return member


def sign_in(session: Session, proved: Member, browser: str, now: datetime) -> str:
    """Begin a session for whom `prove` found, unless their password changed or they left in the meantime."""
    member = session.get(Member, proved.id)
    if member is None or member.ended_at is not None or member.password != proved.password:
        raise NotSignedIn(WRONG)
    return begin(session, member, browser, now)


def begin(session: Session, member: Member, browser: str, now: datetime) -> str:
    """Sign a member in, however they proved who they are; returns the token for the cookie."""
    session.execute(delete(DeskSession).where(DeskSession.seen_at <= now - IDLE))
    token = secrets.token_urlsafe(32)
    session.add(
        DeskSession(
            member_id=member.id, token_hash=_digest(token), browser=browser_name(browser), began_at=now, seen_at=now
        )
    )
    deeds.record(session, member.id, "signed in", "", now)
    session.flush()
    return token


def who(session: Session, token: str, now: datetime) -> tuple[Member, DeskSession] | None:
    """The member that a cookie's token stands for, and the session; nothing where it ended."""
    row = session.execute(
        select(Member, DeskSession)
        .join(DeskSession, DeskSession.member_id == Member.id)
        .where(DeskSession.token_hash == _digest(token), DeskSession.seen_at > now - IDLE, Member.ended_at.is_(None))
    ).first()
    return (row[0], row[1]) if row else None


def is_stale(found: DeskSession, now: datetime) -> bool:
    """Whether it is worth a write to note that the session is in use."""
    return found.seen_at < now - _SEEN_EVERY


def touch(session: Session, number: int, now: datetime) -> None:
    """Note that a session is in use."""
    if found := session.get(DeskSession, number):
        found.seen_at = now


def of(session: Session, member: int, now: datetime) -> Sequence[DeskSession]:
    """A member's open sessions, the latest used first."""
    theirs = select(DeskSession).where(DeskSession.member_id == member, DeskSession.seen_at > now - IDLE)
    return session.scalars(theirs.order_by(DeskSession.seen_at.desc())).all()


def end(session: Session, member: int, number: int) -> None:
    """End one session of this member."""
    session.execute(delete(DeskSession).where(DeskSession.id == number, DeskSession.member_id == member))


def end_all(session: Session, member: int, but: int | None = None) -> None:
    """End every session of this member, but for one where it is named."""
    session.execute(delete(DeskSession).where(DeskSession.member_id == member, DeskSession.id != (but or 0)))


def browser_name(agent: str) -> str:
    """`Firefox on Windows` from a User-Agent: enough to know a session again, and no more is kept."""
    browser = next((n for n, mark in _BROWSERS if re.search(mark, agent)), "A browser")
    system = next((n for n, mark in _SYSTEMS if re.search(mark, agent)), "")
    return f"{browser} on {system}" if system else browser


_BROWSERS = (("Edge", r"Edg/"), ("Firefox", r"Firefox/"), ("Chrome", r"Chrome/"), ("Safari", r"Safari/"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone|iPad"),
    ("Windows", "Windows"),
    ("Mac", "Mac OS"),
    ("Linux", "Linux"),
)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
