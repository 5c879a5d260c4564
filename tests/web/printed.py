"""A demonstration with something to show: an issue frozen in four languages, its mailing, and caught mail."""

import mailbox
from datetime import UTC, datetime
from pathlib import Path

from fastapi import FastAPI
from starlette.testclient import TestClient

from issues import editions
from issues.models import Edition
from newsletter.config import Settings
from newsletter.db import Database
from newsletter.delivery import planning
from newsletter.delivery.models import Delivery, MailingState, State
from subscribers.keys import Keys
from subscribers.vault import Vault
from tests.issues.sample import BRAND, sample_issue
from tests.web.stage import on_stage

NOW = datetime(2021, 11, 30, 18, tzinfo=UTC)
HOST = "https://news.example.org"

ENDS = {
    "en": [State.ACCEPTED] * 10 + [State.REFUSED],
    "es": [State.ACCEPTED] * 7 + [State.IN_DOUBT],
    "vi": [State.ACCEPTED] * 3,
    "ar": [State.SKIPPED, State.GIVEN_UP],
}
"""How each reader's delivery ended, by language."""


def demonstration(database: Database, home: Path, base_url: str = HOST) -> FastAPI:
    """The application of a demonstration's home."""
    settings = Settings(
        home=home, base_url=base_url, brand="Example Network", timezone="America/Los_Angeles", demo=True
    )
    return on_stage(database, Vault(Keys.fresh()), settings, clock=lambda: NOW)


def client(app: FastAPI) -> TestClient:
    return TestClient(app, base_url=HOST, follow_redirects=False, raise_server_exceptions=False)


def print_issue(database: Database) -> dict[str, int]:
    """Freeze the sample issue; its editions' numbers by language."""
    with database.write() as session:
        issue = sample_issue()
        session.add(issue)
        session.flush()
        frozen = editions.freeze(session, issue, BRAND, NOW)
        return {language: edition.id for language, edition in frozen.items()}


def mail_out(database: Database, numbers: dict[str, int], state: MailingState = MailingState.FINISHED) -> None:
    """A mailing of these editions whose deliveries ended as ENDS says."""
    with database.write() as session:
        issue = session.get_one(Edition, numbers["en"]).issue_id
        mailing = planning.schedule(session, issue=issue, editions=numbers, due_at=NOW, zone="America/Los_Angeles")
        mailing.state = state
        session.flush()
        session.add_all(
            Delivery(mailing_id=mailing.id, edition_id=numbers[language], state=end)
            for language, ends in ENDS.items()
            for end in ends
        )


def catch(home: Path, *mails: bytes) -> list[str]:
    """Put mails into the inbox; their keys."""
    box = mailbox.Maildir(home / "inbox", create=True)
    return [box.add(mail) for mail in mails]
