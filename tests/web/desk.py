"""Someone at the desk: a member of any role, and a browser of theirs that is signed in."""

from dataclasses import dataclass

from fastapi import FastAPI
from starlette.testclient import TestClient

from newsletter.db import Database
from newsletter.desk import passwords, sessions
from newsletter.desk.models import Member, Role
from newsletter.web.access import COOKIE
from subscribers.addresses import normal
from subscribers.vault import Vault
from tests.web.conftest import Web

PASSWORD = "lantern orchard ninety boats"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:150.0) Gecko/20100101 Firefox/150.0"


@dataclass
class Desk:
    """One member at work. `member` is as it was when they were made."""

    database: Database
    vault: Vault
    app: FastAPI
    member: Member
    client: TestClient
    """Signed in; it follows no redirect, and its requests come from our own pages."""


def desk_client(web: Web, role: Role = Role.OWNER, languages: str = "", *, password: str = "") -> Desk:
    """A new member of this role, signed in; call it again for a colleague. Without `password` they have none: quick."""
    with web.database.write() as session:
        number = session.query(Member).count() + 1
        address = f"ana{number}@example.org"
        address_hash = web.vault.hash(normal(address))
        member = Member(
            address_hash=address_hash,
            sealed_address=web.vault.seal_address(address, address_hash),
            name=f"Ana {number}",
            role=role,
            languages=languages,
            password=passwords.hashed(password) if password else None,
            joined_at=web.now,
        )
        session.add(member)
        session.flush()
        token = sessions.begin(session, member, FIREFOX, web.now)
    client = web.client(**{"Sec-Fetch-Site": "same-origin"})
    client.cookies.set(COOKIE, token)
    return Desk(web.database, web.vault, web.app, member, client)
