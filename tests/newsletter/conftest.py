"""A small newsletter that is ready to send: an issue frozen in two languages, and people to write to."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from issues.models import Edition, Issue
from newsletter.db import Database
from newsletter.delivery import account, planning
from newsletter.delivery.account import Account
from newsletter.delivery.message import Letterhead
from newsletter.delivery.models import DaybookLine, Delivery, State
from newsletter.delivery.sender import Office, send_due
from newsletter.mail import Message, Take, Transport
from newsletter.transports.smtp import SmtpServer, SmtpTransport
from subscribers import people
from subscribers.consent import Wording
from subscribers.keys import Keys
from subscribers.vault import Vault
from tests.journals import journal
from tests.newsletter.certificates import Certificates

NOW = datetime(2021, 11, 30, 9, tzinfo=UTC)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Newsroom:
    """An office, its clock, and what tests ask of it."""

    office: Office
    clock: Clock

    def add(self, *names: str, languages: str = "en") -> list[int]:
        """Subscribe people by an address, or by its local part alone."""
        with self.office.database.write() as session:
            return [
                people.add(
                    session,
                    self.office.vault,
                    address=name if "@" in name else f"{name}@example.org",
                    name=name.partition("@")[0].title(),
                    languages=languages,
                    came_by="added",
                    wording=Wording(language="en", text="Yes, send me the newsletter."),
                    now=NOW,
                ).id
                for name in names
            ]

    def schedule(self, slug: str = "2021-11", filling: str = "", **options: Any) -> int:
        """Schedule an issue that is frozen in English and Spanish; `filling` makes it long. Returns the mailing."""
        with self.office.database.write() as session:
            issue = Issue(slug=slug, month=date(2021, 11, 1), languages=["en", "es"], covers_until=NOW, created_at=NOW)
            session.add(issue)
            session.flush()
            editions = {language: _edition(issue.id, language, filling * 2500) for language in ("en", "es")}
            session.add_all(editions.values())
            session.flush()
            numbers = {language: edition.id for language, edition in editions.items()}
            due = {"due_at": NOW, **options}
            return planning.schedule(session, issue=issue.id, editions=numbers, zone="UTC", **due).id

    def send(self, transport: Transport) -> None:
        """One pass of the job."""
        send_due(self.office, transport, Event())

    def send_to(self, port: int, connections: int = 1, **options: Any) -> None:
        """One pass of the job, to a server on this machine; one connection, so that scripts are followed in order."""
        server = SmtpServer("127.0.0.1", port, "none", connections=connections)
        self.send(SmtpTransport(replace(server, **options)))

    def later(self, **time: float) -> None:
        self.clock.now += timedelta(**time)

    def account(self, mailing: int) -> Account:
        with self.office.database.read() as session:
            return account.account(session, mailing)

    def states(self, mailing: int) -> list[State]:
        with self.office.database.read() as session:
            return list(states(session, mailing).values())


def states(session: Session, mailing: int) -> dict[int, State]:
    """Of each delivery, as the daybook says where it knows more than the books."""
    rows = select(Delivery.id, Delivery.state).where(Delivery.mailing_id == mailing).order_by(Delivery.id)
    found: dict[int, State] = dict(session.execute(rows).all())
    for line in session.scalars(select(DaybookLine).order_by(DaybookLine.id)):
        found |= {reply[0]: State.ACCEPTED for reply in line.accepted if reply[0] in found}
        found |= {number: State.ATTEMPTING for number in line.departed if number in found}
    return found


def _edition(issue: int, language: str, filling: str) -> Edition:
    return Edition(
        issue_id=issue,
        language=language,
        subject=f"News in {language}",
        html=f'<p lang="{language}">Dear [[name|friend]]</p>{filling}<a href="[[unsubscribe_url]]">leave</a>\n',
        text=f"Dear [[name|friend]] ({language})\n[[unsubscribe_url]]\n",
        digest=language * 32,
        frozen_at=NOW,
    )


def messages(take: Take) -> Iterator[Message]:
    """Whatever a way out is given, one after the other; nothing paces it here, so it is never told to wait."""
    while message := take():
        assert isinstance(message, Message)
        yield message


def newsroom_of(database: Database, folder: Path) -> Newsroom:
    """A newsroom on a database that has its tables."""
    clock = Clock()
    letterhead = Letterhead("The Network <news@example.org>", "", "news.example.org")
    locks, address = folder / "locks", "https://news.example.org"
    return Newsroom(Office(database, Vault(Keys.fresh()), letterhead, address, locks, clock, journal()), clock)


@pytest.fixture
def newsroom(database: Database, tmp_path: Path) -> Newsroom:
    """A newsroom on each kind of database."""
    return newsroom_of(database, tmp_path)


@pytest.fixture
def certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Certificates:
    """An authority that this test's programs trust."""
    made = Certificates(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.authority))
    return made
