"""Sending to a sink on loopback: the whole path with its ledger at full durability, beside programs that keep no books.

The peers are Python's smtplib, and postfix's smtp-source where it is installed: C, one fixed message, lock-step.
"""

import shutil
import smtplib
import statistics
import subprocess
import tempfile
import time
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

NEAR_PEOPLE, FAR_PEOPLE = 20_000, 10_000
LINES = 10
FAR = 0.005
"""Seconds for each burst of replies on a line that is not loopback."""
SMTPLIB = 500
NOW = datetime(2021, 11, 30, 9, tzinfo=UTC)
PARAGRAPH = "<p>" + "A paragraph of news, written at length and well. " * 12 + "</p>\n"
HTML = f"<p>Dear [[name|friend]]</p>{PARAGRAPH * 85}<a href='[[unsubscribe_url]]'>leave</a>\n"
SIZE = 54_000
"""Bytes of a finished message, about."""
WANTED = 180.0
"""Microseconds of a processor for each message."""


def measure() -> list[Figure]:
    """Ten lines at once, near and far."""
    return [*_compared(NEAR_PEOPLE, 0.0, "near"), *_compared(FAR_PEOPLE, FAR, "5 ms away")]


def _compared(people: int, delay: float, where: str) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, newsroom(Path(folder)) as office, sink.running(delay) as port:
        subscribe(office, people)
        costs: list[float] = []

        def ours() -> None:
            schedule(office)
            before = time.process_time()
            send_due(office, SmtpTransport(SmtpServer("127.0.0.1", port, "none", connections=LINES)), Event())
            costs.append((time.process_time() - before) / people * 1e6)

        peers = [Work("smtplib, no account", SMTPLIB, lambda: _by_smtplib(port))]
        if shutil.which("smtp-source", path="/usr/sbin:/usr/bin"):
            peers.append(Work("smtp-source, no account", people, lambda: _by_smtp_source(port, people)))
        what = f"messages of 54 KB sent over {LINES} lines, {where}, every attempt durable"
        figures = per_second(what, Work("ours", people, ours), *peers)
        cost = statistics.median(costs)
        return [
            *figures,
            Figure("the same, of a processor", f"{cost:.0f} µs", f"{WANTED:.0f} µs (limit)", WANTED / cost),
        ]


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


def _by_smtp_source(port: int, count: int) -> None:
    source = shutil.which("smtp-source", path="/usr/sbin:/usr/bin") or ""
    amounts = ["-s", str(LINES), "-l", str(SIZE), "-m", str(count)]
    addresses = ["-d", "-f", "news@example.org", "-t", "reader@example.org", f"127.0.0.1:{port}"]
    subprocess.run([source, *amounts, *addresses], check=True)


@contextmanager
def newsroom(folder: Path) -> Iterator[Office]:
    """An office whose database, keys and journal lie in `folder`; what is there already stays."""
    keys = folder / "keys.json"
    if not keys.exists():
        Keys.create(keys)
    database = Database(f"sqlite:///{folder}/newsletter.db")
    upgrade(database)
    letterhead = Letterhead("The Network <news@example.org>", "", "news.example.org")
    vault, journal = Vault(Keys.load(keys)), Journal(keys)
    yield Office(database, vault, letterhead, "https://news.example.org", folder / "locks", lambda: NOW, journal)
    database.close()


def subscribe(office: Office, count: int) -> None:
    """So many people, each with an address and a name of their own."""
    with office.database.write() as session:
        rows = [
            people.sealed(office.vault, address=f"reader{n}@example.org", name=f"Reader {n}", languages="en")
            for n in range(count)
        ]
        wording = consent.wording_id(session, consent.Wording("en", "A benchmark."))
        people.enrol(session, rows, wording=wording, came_by="added", now=NOW)


def schedule(office: Office) -> None:
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
