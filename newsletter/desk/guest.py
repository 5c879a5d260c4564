"""The owner that the demonstration makes up, so that a visitor comes in without a link or a password."""

import secrets
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.desk import members, sessions
from newsletter.desk.errors import NoMember
from newsletter.desk.models import Member
from subscribers.addresses import normal
from subscribers.vault import Vault

NAME = "Rosa"
ADDRESS = "rosa@example.org"
"""Nobody real can have it (RFC 2606), so that whatever happens no real member is signed in this way."""


def settle(session: Session, vault: Vault, now: datetime) -> Member:
    """Make her the first owner of an empty desk; her password is nobody's to know."""
    token = members.first_link(session, now)
    if token is None:
        raise NoMember("Somebody works here already, and the made-up owner is only ever the first.")
    password = secrets.token_urlsafe()
    return members.join(session, vault, token, name=NAME, address=ADDRESS, password=password, now=now)


def sign_in(session: Session, vault: Vault, browser: str, now: datetime) -> str:
    """Begin a session for her; its token. Raises NoMember where she is not, or no more."""
    hers = select(Member).where(Member.address_hash == vault.hash(normal(ADDRESS)), Member.ended_at.is_(None))
    member = session.scalars(hers).first()
    if member is None:
        raise NoMember("The made-up owner does not work here.")
    return sessions.begin(session, member, browser, now)
