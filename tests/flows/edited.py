"""The demonstration's November with one stale and some missing texts, served to people who are signed in."""

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext

from issues import editing, history
from issues.editing import Seen
from issues.matrix import fields_digest, source_digest
from issues.models import Issue
from newsletter.config import Settings
from newsletter.db import Database
from newsletter.desk import sessions
from newsletter.desk.models import Member, Role
from newsletter.web.access import COOKIE
from newsletter.web.app import make_app
from subscribers.addresses import normal
from subscribers.keys import Keys
from subscribers.vault import Vault
from tests.conftest import BASES
from tests.flows.pages import answering
from tests.issues.sample import sample_issue

EDITOR = "/desk/issues/2021-11"


@dataclass
class Served:
    """A desk on this machine, where `newcomer` signs somebody in."""

    url: str
    database: Database
    vault: Vault

    def newcomer(
        self, browser: Browser, name: str, role: Role = Role.OWNER, languages: str = "", **context: object
    ) -> BrowserContext:
        """A browser of somebody new, signed in."""
        now = datetime.now(UTC)
        with self.database.write() as session:
            address = f"person{session.query(Member).count()}@example.org"
            address_hash = self.vault.hash(normal(address))
            sealed = self.vault.seal_address(address, address_hash)
            member = Member(
                address_hash=address_hash,
                sealed_address=sealed,
                name=name,
                role=role,
                languages=languages,
                joined_at=now,
            )
            session.add(member)
            session.flush()
            token = sessions.begin(session, member, "", now)
        opened = browser.new_context(**context)  # type: ignore[arg-type] # what Playwright takes
        opened.add_cookies([{"name": COOKIE, "value": token, "url": self.url}])
        return opened

    def words(self, key: str, language: str) -> dict[str, str]:
        """What a text says now."""
        with self.database.read() as session:
            issue = session.query(Issue).one()
            return editing.find(issue, key, language).fields

    def keys(self) -> list[str]:
        with self.database.read() as session:
            return [p.key for p in session.query(Issue).one().passages]


@contextmanager
def served_desk(home: Path) -> Iterator[Served]:
    """A server over a fresh database with one issue."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        database = Database(f"sqlite:///{home / 'newsletter.db'}")
        for base in BASES:
            base.metadata.create_all(database.engine)
        vault = Vault(Keys.fresh())
        write_issue(database)
        settings = Settings(
            home=home, base_url=url, brand="Immigrant Justice Network", postal_address="PO Box 1, Oakland"
        )
        app = make_app(database, vault, settings)
        with closing(database), answering(app, listening):
            yield Served(url, database, vault)


def write_issue(database: Database) -> None:
    """The sample issue, most of it approved; the English introduction changed after its translations were made."""
    then = datetime.now(UTC) - timedelta(days=3)
    issue = sample_issue()
    issue.revision = 1
    with database.write() as session:
        session.add(issue)
        session.flush()
        history.record_frame(session, issue, by="Ana", now=then)
        for each in issue.passages:
            digest = source_digest(each)
            for wording in each.wordings:
                wording.source_digest = None if wording.language == "en" else digest
                history.record_text(session, issue, each.key, wording.language, wording.fields, by="Ana", now=then)
                if wording.language != "vi":
                    wording.approved_by, wording.approved_at = "Ana", then
        opening = editing.find(issue, "opening", "en")
        changed = {**opening.fields, "body": opening.fields["body"].replace("a video series", "five short films")}
        seen = Seen(opening.revision, fields_digest(opening.fields))
        editing.save(session, issue, "opening", "en", changed, seen=seen, by="Ana", now=then + timedelta(days=2))
