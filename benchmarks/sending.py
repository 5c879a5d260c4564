"""Sending to a server on loopback: the whole path with its ledger, beside plain smtplib with no books at all."""

import smtplib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Event

from benchmarks.figures import Figure, per_second
from issues.models import Edition, Issue
from newsletter.db import Database
from newsletter.delivery import planning
from newsletter.delivery.message import Letterhead
from newsletter.delivery.sender import Office, send_due
from newsletter.migrations import upgrade
from newsletter.transports.smtp import SmtpServer, SmtpTransport
from subscribers import consent, people
from subscribers.keys import Keys
from subscribers.vault import Vault
from tests.newsletter.smtp_server import serving

COUNT = 500
NOW = datetime(2021, 11, 30, 9, tzinfo=UTC)
HTML = f"<p>Dear [[name|friend]]</p>{'<p>A paragraph of news.</p>' * 1500}<a href='[[unsubscribe_url]]'>leave</a>\n"


def measure() -> list[Figure]:
    """Both over one connection, one transaction after the other; messages of about 40 KB."""
    with serving() as (_server, port), _newsroom() as office:

        def ours() -> None:
            send_due(office, SmtpTransport(SmtpServer("127.0.0.1", port, "none")), Event())
            _schedule(office)

        def peer() -> None:
            message = ("Subject: x\r\n\r\n" + HTML.replace("><", ">\r\n<")).encode()
            with smtplib.SMTP("127.0.0.1", port) as smtp:
                for number in range(COUNT):
                    smtp.sendmail("news@example.org", [f"reader{number}@example.org"], message)

        _schedule(office)
        return [per_second("messages sent, every attempt durable", COUNT, ours, "smtplib, no account", peer)]


@contextmanager
def _newsroom() -> Iterator[Office]:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/newsletter.db")
        upgrade(database)
        vault = Vault(Keys.fresh())
        letterhead = Letterhead("The Network <news@example.org>", "", "news.example.org")
        with database.write() as session:
            rows = [
                people.sealed(vault, address=f"reader{n}@example.org", name=f"Reader {n}", languages="en")
                for n in range(COUNT)
            ]
            wording = consent.wording_id(session, consent.Wording("en", "A benchmark."))
            people.enrol(session, rows, wording=wording, came_by="added", now=NOW)
        yield Office(database, vault, letterhead, "https://news.example.org", Path(folder) / "locks", lambda: NOW)
        database.close()


def _schedule(office: Office) -> None:
    """A new issue for everyone, due now."""
    with office.database.write() as session:
        number = session.query(Issue).count()
        month = date(2021, 11, 1)
        issue = Issue(slug=f"issue-{number}", month=month, languages=["en"], covers_until=NOW, created_at=NOW)
        session.add(issue)
        session.flush()
        parts = {"subject": "News", "html": HTML, "text": "News\n[[unsubscribe_url]]\n", "digest": "0" * 64}
        edition = Edition(issue_id=issue.id, language="en", frozen_at=NOW, **parts)
        session.add(edition)
        session.flush()
        planning.schedule(session, issue=issue.id, editions={"en": edition.id}, due_at=NOW, zone="UTC")
