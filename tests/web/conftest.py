"""The application over a real database, a clock that can be set, and one reader."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from newsletter.config import Settings
from newsletter.db import Database
from subscribers.consent import Wording
from subscribers.keys import Keys
from subscribers.people import Held, add, show
from subscribers.tokens import Purpose, make
from subscribers.vault import Vault
from tests.conftest import empty_database
from tests.web.caught import Mailbox
from tests.web.stage import on_stage

ADDRESS = "ana@example.org"

on_both_databases = pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)
"""For tests of pages that ask the database much: they hold for all. The rooms behind are tested on both kinds."""


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Pages say the same over either kind: one is enough, but for the marked."""
    return empty_database(request, tmp_path)


@dataclass
class Web:
    """An application, and what it was made of."""

    app: FastAPI
    database: Database
    vault: Vault
    now: datetime = field(default=datetime(2026, 11, 21, 12, 0, tzinfo=UTC))

    def client(self, **headers: str) -> TestClient:
        """A program that asks for pages: without cookies, following no redirect."""
        return TestClient(
            self.app,
            base_url="https://news.example.org",
            headers=headers,
            follow_redirects=False,
            raise_server_exceptions=False,
        )

    def join(self, languages: str = "es", address: str = ADDRESS) -> str:
        """Add a reader; their token for leaving."""
        with self.database.write() as session:
            person = add(
                session,
                self.vault,
                address=address,
                name="Ana",
                languages=languages,
                came_by="added",
                wording=Wording("en", "One mail a month."),
                now=self.now,
            )
        return make(self.vault, Purpose.LEAVE, person.id)

    def held(self, address: str = ADDRESS) -> Held:
        with self.database.read() as session:
            return show(session, self.vault, address)


@pytest.fixture
def web(database: Database, tmp_path: Path) -> Web:
    vault = Vault(Keys.fresh())
    settings = Settings(home=tmp_path, base_url="https://news.example.org", brand="Border & Rights Network")
    made = Web(FastAPI(), database, vault)
    made.app = on_stage(database, vault, settings, clock=lambda: made.now)
    return made


@pytest.fixture
def mailbox(web: Web) -> Mailbox:
    """What the forms sent."""
    return Mailbox(web.database, web.vault, lambda: web.now)
