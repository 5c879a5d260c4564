"""Members: how the first comes, how others are invited, what they may change about each other."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from newsletter.desk import deeds, passwords, sessions
from newsletter.desk.errors import AddressTaken, BadInvitation, DeskError, NoMember
from newsletter.desk.models import Invitation, Member, Role
from subscribers import addresses
from subscribers.vault import Vault

FIRST_LINK = timedelta(days=1)
INVITATION = timedelta(days=7)
NEW_PASSWORD = timedelta(days=1)


def digest(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


def first_link(session: Session, now: datetime) -> str | None:
    """A token that makes the first owner, or nothing where there is a member; earlier ones stop working."""
    if is_anyone_known(session):
        return None
    session.execute(delete(Invitation))
    return _invitation(session, Role.OWNER, "", None, now + FIRST_LINK)


def invite(session: Session, by: Member, role: Role, languages: str, now: datetime) -> str:
    """A token for somebody new; it is mailed to them and kept nowhere."""
    session.execute(delete(Invitation).where(Invitation.ends_at <= now))
    deeds.record(session, by.id, "invited", role, now)
    return _invitation(session, role, languages, by.id, now + INVITATION)


def new_password_link(session: Session, by: Member | None, member: Member, now: datetime) -> str:
    """A token with which a member chooses a new password; earlier ones of theirs stop working.

    `by` is nobody where it is made on the machine itself.
    """
    session.execute(delete(Invitation).where(Invitation.member_id == member.id))
    who = by.id if by else None
    deeds.record(session, who, "made a link for a new password", member.name, now)
    return _invitation(session, member.role, member.languages, who, now + NEW_PASSWORD, member.id)


def open_invitations(session: Session, now: datetime) -> Sequence[tuple[Invitation, str | None]]:
    """What was mailed to people who are not here yet, each with the name of who did."""
    rows = session.execute(
        select(Invitation, Member.name)
        .outerjoin(Member, Member.id == Invitation.invited_by)
        .where(Invitation.ends_at > now, Invitation.member_id.is_(None))
        .order_by(Invitation.id)
    )
    return [(invited, name) for invited, name in rows]


def take_back(session: Session, by: Member, number: int, now: datetime) -> None:
    """Make an invitation's link stop working."""
    if found := session.get(Invitation, number):
        session.delete(found)
        deeds.record(session, by.id, "took back an invitation", found.role, now)


def invitation(session: Session, token: str, now: datetime) -> Invitation:
    """The open invitation of this token; within a transaction that writes nobody else can accept it meanwhile."""
    wanted = select(Invitation).where(Invitation.token_hash == digest(token)).with_for_update()
    found = session.scalars(wanted).first()
    if found is None or found.ends_at <= now:
        raise BadInvitation("This link was used or is too old: ask whoever sent it for a new one.")
    return found


def join(
    session: Session, vault: Vault, token: str, *, name: str, address: str, password: str, now: datetime
) -> Member:
    """Accept an invitation; it works once. Raises BadInvitation, BadAddress, WeakPassword or DeskError."""
    accepted = invitation(session, token, now)
    if accepted.member_id is not None:
        raise BadInvitation("This link is for a new password: open it again.")
    known = addresses.normal(address)
    address_hash = vault.hash(known)
    if session.scalars(select(Member.id).where(Member.address_hash == address_hash)).first() is not None:
        raise AddressTaken("Somebody here has this address already: sign in with it, or take another.")
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


def renew(session: Session, token: str, password: str, now: datetime) -> Member:
    """Choose a new password with the link for it. Raises BadInvitation or WeakPassword."""
    accepted = invitation(session, token, now)
    member = session.get(Member, accepted.member_id or 0)
    if member is None or member.ended_at is not None:
        raise BadInvitation("This link is not for a new password.")
    change_password(session, member, password, now)
    return member


def of(session: Session, number: int) -> Member:
    """The member of this number. Raises NoMember."""
    member = session.get(Member, number)
    if member is None:
        raise NoMember(f"Nobody with the number {number} works here; `newsletter people list` shows who does.")
    return member


def is_anyone_known(session: Session) -> bool:
    """Whether anybody works here, or did: their addresses are sealed with keys that must not get lost."""
    return session.scalars(select(Member.id).limit(1)).first() is not None


def everyone(session: Session) -> Sequence[Member]:
    """Who works here, and who did."""
    return session.scalars(select(Member).order_by(Member.ended_at.is_not(None), Member.id)).all()


def change_role(session: Session, by: Member, member: Member, role: Role, languages: str, now: datetime) -> None:
    """A new role ends every session of theirs: what was open may not be theirs any more."""
    _keep_an_owner(session, member, role)
    member.role, member.languages = role, languages
    _close_doors(session, member)
    deeds.record(session, by.id, "changed role", f"{member.name}: {role}", now)


def change_password(session: Session, member: Member, password: str, now: datetime) -> None:
    """A new password ends every session and link; the caller begins a new session."""
    member.password = passwords.hashed(password)
    session.execute(delete(Invitation).where(Invitation.member_id == member.id))
    sessions.end_all(session, member.id)
    deeds.record(session, member.id, "changed password", "", now)


def end(session: Session, by: Member, member: Member, now: datetime) -> None:
    """They may no longer sign in; what they wrote keeps their name."""
    _keep_an_owner(session, member, None)
    member.ended_at = now
    _close_doors(session, member)
    deeds.record(session, by.id, "ended membership", member.name, now)


def bring_back(session: Session, by: Member, member: Member, now: datetime) -> None:
    """They may sign in again, as who they were."""
    member.ended_at = None
    deeds.record(session, by.id, "brought back", member.name, now)


def _close_doors(session: Session, member: Member) -> None:
    """End the sessions of a member, and the links that were made by them or for them."""
    theirs = (Invitation.member_id == member.id) | (Invitation.invited_by == member.id)
    session.execute(delete(Invitation).where(theirs))
    sessions.end_all(session, member.id)


def _keep_an_owner(session: Session, member: Member, role: Role | None) -> None:
    """Two owners who end each other at the same moment wait for one another."""
    owning = select(Member.id).where(Member.role == Role.OWNER, Member.ended_at.is_(None))
    owners = session.scalars(owning.order_by(Member.id).with_for_update()).all()
    if role is not Role.OWNER and list(owners) == [member.id]:
        raise DeskError("There must be an owner: make somebody else one first.")


def _invitation(
    session: Session, role: Role, languages: str, by: int | None, ends_at: datetime, member: int | None = None
) -> str:
    token = secrets.token_urlsafe(24)
    made = Invitation(role=role, languages=languages, invited_by=by, ends_at=ends_at, member_id=member)
    made.token_hash = digest(token)
    session.add(made)
    session.flush()
    return token


def _name(name: str) -> str:
    shown = " ".join(name.split())
    if not 1 <= len(shown) <= 80 or not shown.isprintable():
        raise DeskError("Write the name that colleagues should see, up to 80 signs.")
    return shown
