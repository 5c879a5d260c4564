"""Sending to a sink on loopback: the whole path with its ledger at full durability, beside programs that keep no books.

The peers are Python's smtplib, and postfix's smtp-source where it is installed: C, one fixed message, lock-step.
"""

import shutil
import smtplib
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Event, Thread

from benchmarks import sink
from benchmarks.figures import Figure, Work, per_second
from issues.models import Edition, Issue
from newsletter.db import Database
from newsletter.delivery import planning
from newsletter.delivery.message import Letterhead
from newsletter.delivery.sender import Office, send_due
from newsletter.migrations import upgrade
from newsletter.transports.smtp import SmtpServer, SmtpTransport
from subscribers import consent, people
from subscribers.journal import Journal
from subscribers.keys import Keys
from subscribers.vault import Vault

PEOPLE = 5000
LINES = 10
FAR = 0.005
"""Seconds for each burst of replies on a line that is not loopback."""
SMTPLIB = 500
NOW = datetime(2021, 11, 30, 9, tzinfo=UTC)
PARAGRAPH = "<p>" + "A paragraph of news, written at length and well. " * 12 + "</p>\n"
HTML = f"<p>Dear [[name|friend]]</p>{PARAGRAPH * 85}<a href='[[unsubscribe_url]]'>leave</a>\n"
SIZE = 54_000
"""Bytes of a finished message, about."""


def measure() -> list[Figure]:
    """Ten lines at once, near and far."""
    with _newsroom() as office:
        return [*_compared(office, 0.0, "near"), *_compared(office, FAR, "5 ms away")]


def _compared(office: Office, delay: float, where: str) -> list[Figure]:
    with sink.running(delay) as port:

        def ours() -> None:
            _schedule(office)
            send_due(office, SmtpTransport(SmtpServer("127.0.0.1", port, "none", connections=LINES)), Event())

        peers = [Work("smtplib, no account", SMTPLIB, lambda: _by_smtplib(port))]
        if shutil.which("smtp-source", path="/usr/sbin:/usr/bin"):
            peers.append(Work("smtp-source, no account", PEOPLE, lambda: _by_smtp_source(port)))
        what = f"messages of 54 KB sent over {LINES} lines, {where}, every attempt durable"
        return per_second(what, Work("ours", PEOPLE, ours), *peers)


def _by_smtplib(port: int) -> None:
    message = "Subject: x\r\n\r\n" + ("x" * 70 + "\r\n") * (SIZE // 72)

    def send() -> None:
        with smtplib.SMTP("127.0.0.1", port) as smtp:
            for number in range(SMTPLIB // LINES):
                smtp.sendmail("news@example.org", [f"reader{number}@example.org"], message)

    threads = [Thread(target=send) for _ in range(LINES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _by_smtp_source(port: int) -> None:
    source = shutil.which("smtp-source", path="/usr/sbin:/usr/bin") or ""
    amounts = ["-s", str(LINES), "-l", str(SIZE), "-m", str(PEOPLE)]
    addresses = ["-d", "-f", "news@example.org", "-t", "reader@example.org", f"127.0.0.1:{port}"]
    subprocess.run([source, *amounts, *addresses], check=True)


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
                for n in range(PEOPLE)
            ]
            wording = consent.wording_id(session, consent.Wording("en", "A benchmark."))
            people.enrol(session, rows, wording=wording, came_by="added", now=NOW)
        locks, journal = Path(folder) / "locks", Journal(Path(folder) / "keys.json")
        yield Office(database, vault, letterhead, "https://news.example.org", locks, lambda: NOW, journal)
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
