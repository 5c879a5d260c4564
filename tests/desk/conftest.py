"""A desk with keys and a time, on each kind of database."""

from datetime import UTC, datetime

import pytest

from newsletter.db import Database
from newsletter.desk import members
from newsletter.desk.models import Member, Role
from subscribers.keys import Keys
from subscribers.vault import Vault

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PASSWORD = "lantern orchard ninety boats"


@pytest.fixture
def vault() -> Vault:
    return Vault(Keys.fresh())


def first(database: Database, vault: Vault) -> Member:
    """Rosa, who opened the first link."""
    with database.write() as session:
        token = members.first_link(session, NOW)
        assert token
        return members.join(session, vault, token, name="Rosa", address="rosa@example.org", password=PASSWORD, now=NOW)


def invited(database: Database, vault: Vault, by: Member, name: str, role: Role = Role.EDITOR) -> Member:
    """Somebody who came by a mailed link."""
    with database.write() as session:
        token = members.invite(session, by, role, "", NOW)
        return members.join(
            session, vault, token, name=name, address=f"{name.lower()}@example.org", password=PASSWORD, now=NOW
        )
