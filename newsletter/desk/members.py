"""Members: how the first comes, how others are invited, what they may change about each other."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from newsletter.desk import deeds, passwords, sessions
from newsletter.desk.errors import BadInvitation, DeskError
from newsletter.desk.models import Invitation, Member, Role
from subscribers import addresses
from subscribers.vault import Vault

FIRST_LINK = timedelta(days=1)
INVITATION = timedelta(days=7)


def digest(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


def first_link(session: Session, now: datetime) -> str | None:
    """A token that makes the first owner, or nothing where there is a member; earlier ones stop working."""
    if session.scalars(select(Member.id).limit(1)).first() is not None:
        return None
    session.execute(delete(Invitation))
    return _invitation(session, Role.OWNER, "", None, now + FIRST_LINK)


def invite(session: Session, by: Member, role: Role, languages: str, now: datetime) -> str:
    """A token for somebody new; it is mailed to them and kept nowhere."""
    deeds.record(session, by.id, "invited", role, now)
    return _invitation(session, role, languages, by.id, now + INVITATION)


def invitation(session: Session, token: str, now: datetime) -> Invitation:
    """The open invitation of this token."""
    found = session.scalars(select(Invitation).where(Invitation.token_hash == digest(token))).first()
    if found is None or found.ends_at <= now:
        raise BadInvitation("This link was used or is too old: ask whoever sent it for a new one.")
    return found


def join(
    session: Session, vault: Vault, token: str, *, name: str, address: str, password: str, now: datetime
) -> Member:
    """Accept an invitation; it works once. Raises BadInvitation, BadAddress, WeakPassword or DeskError."""
    accepted = invitation(session, token, now)
    known = addresses.normal(address)
    address_hash = vault.hash(known)
    if session.scalars(select(Member.id).where(Member.address_hash == address_hash)).first() is not None:
        raise DeskError("Somebody here has this address already: sign in with it, or take another.")
    member = Member(
        address_hash=address_hash,
        sealed_address=vault.seal_address(known.text, address_hash),
        name=_name(name),
        role=accepted.role,
        languages=accepted.languages,
        password=passwords.hashed(password),
        joined_at=now,
    )
    session.add(member)
    session.delete(accepted)
    session.flush()
    deeds.record(session, member.id, "joined", member.role, now)
    return member


def everyone(session: Session) -> Sequence[Member]:
    """Who works here, and who did."""
    return session.scalars(select(Member).order_by(Member.ended_at.is_not(None), Member.id)).all()


def change_role(session: Session, by: Member, member: Member, role: Role, languages: str, now: datetime) -> None:
    """A new role ends every session of theirs: what was open may not be theirs any more."""
    _keep_an_owner(session, member, role)
    member.role, member.languages = role, languages
    sessions.end_all(session, member.id)
    deeds.record(session, by.id, "changed role", f"{member.name}: {role}", now)


def change_password(session: Session, member: Member, password: str, now: datetime) -> None:
    """A new password ends every session; the caller begins a new one."""
    member.password = passwords.hashed(password)
    sessions.end_all(session, member.id)
    deeds.record(session, member.id, "changed password", "", now)


def end(session: Session, by: Member, member: Member, now: datetime) -> None:
    """They may no longer sign in; what they wrote keeps their name."""
    _keep_an_owner(session, member, None)
    session.execute(update(Member).where(Member.id == member.id).values(ended_at=now))
    sessions.end_all(session, member.id)
    deeds.record(session, by.id, "ended membership", member.name, now)


def _keep_an_owner(session: Session, member: Member, role: Role | None) -> None:
    owners = session.scalars(select(Member.id).where(Member.role == Role.OWNER, Member.ended_at.is_(None))).all()
    if role is not Role.OWNER and list(owners) == [member.id]:
        raise DeskError("There must be an owner: make somebody else one first.")


def _invitation(session: Session, role: Role, languages: str, by: int | None, ends_at: datetime) -> str:
    token = secrets.token_urlsafe(24)
    session.add(Invitation(token_hash=digest(token), role=role, languages=languages, invited_by=by, ends_at=ends_at))
    session.flush()
    return token


def _name(name: str) -> str:
    shown = " ".join(name.split())
    if not 1 <= len(shown) <= 80 or not shown.isprintable():
        raise DeskError("Write the name that colleagues should see, up to 80 signs.")
    return shown
