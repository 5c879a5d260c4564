"""A whole newsletter in a folder of its own, worked by child processes as a person would start them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from issues import composing
from issues.models import Fallback, Resource, ResourceText
from newsletter import publishing, wiring
from newsletter.config import Settings
from newsletter.delivery import account
from newsletter.delivery.account import Account
from newsletter.publishing import When
from newsletter.wiring import Newsletter, utc_now
from subscribers import people
from subscribers.consent import Wording

WORDING = Wording("en", "Yes, write to me once a month.")


@dataclass
class House:
    """`environment` is all that a command is told."""

    home: Path
    keys: Path
    database_url: str
    transport: str = "maildir:/nowhere"
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        mine = {
            "NEWSLETTER_HOME": str(self.home),
            "NEWSLETTER_KEYS": str(self.keys),
            "NEWSLETTER_DATABASE_URL": self.database_url,
            "NEWSLETTER_TRANSPORT": self.transport,
            "NEWSLETTER_BASE_URL": "https://news.example.org",
            "NEWSLETTER_FROM": "The Network <news@example.org>",
            "NEWSLETTER_LIST_ID": "news.example.org",
            "NEWSLETTER_POSTAL_ADDRESS": "The Network, PO Box 1, Oakland",
            "NEWSLETTER_LANGUAGES": "en,es",
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER_")}
        return kept | mine | self.extra

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run a command to its end; its output, after a look at its exit code."""
        done = subprocess.run(
            [sys.executable, "-m", "newsletter", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == code, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    def start_work(self, log: Path) -> "subprocess.Popen[bytes]":
        """One pass of the job as a process that a test may kill: what `newsletter work --once` becomes."""
        with log.open("ab") as stderr:
            return subprocess.Popen([sys.executable, "-m", "scheduler", "--once"], env=self.environment, stderr=stderr)

    @contextmanager
    def opened(self) -> Iterator[Newsletter]:
        """The same newsletter, inside this process."""
        settings = Settings(
            home=self.home,
            keys=self.keys,
            database_url=self.database_url,
            base_url="https://news.example.org",
            sender="The Network <news@example.org>",
            postal_address="The Network, PO Box 1, Oakland",
            languages="en,es",
        )
        newsletter = wiring.make_home(settings, "")
        try:
            yield newsletter
        finally:
            newsletter.close()

    def fill(self, addresses: list[str], slug: str = "2021-11") -> int:
        """Subscribe people and schedule an issue for now; returns the mailing."""
        now = utc_now()
        with self.opened() as newsletter:
            with newsletter.database.write() as session:
                rows = [
                    people.sealed(
                        newsletter.vault, address=address, name=f"Reader {i}", languages="es" if i % 3 else "en"
                    )
                    for i, address in enumerate(addresses)
                ]
                from subscribers import consent

                people.enrol(session, rows, wording=consent.wording_id(session, WORDING), came_by="added", now=now)
            with newsletter.database.write() as session:
                return self._schedule(newsletter, session, slug)

    def _schedule(self, newsletter: Newsletter, session: object, slug: str) -> int:
        from sqlalchemy.orm import Session

        assert isinstance(session, Session)
        now = utc_now()
        text = {"summary": "A summary.", "link": "https://ijn.example.org/1", "changed_at": now, "guid": slug}
        session.add(
            Resource(
                published_at=now,
                texts=[ResourceText(language="en", title="A report", **text)],
            )
        )
        session.flush()
        issue = composing.draft(
            session,
            slug=slug,
            month=date(now.year, now.month, 1),
            languages=["en", "es"],
            fallback=Fallback.LABEL,
            now=utc_now(),
        )
        from issues import waivers

        composing.approve(session, issue, by="Rosa", now=now)
        for check in ("missing-text", "stale-text"):
            waivers.waive(session, issue, check, "", by="Rosa", now=now)
        return publishing.schedule(session, issue, When(now, "UTC"), newsletter.press, now).id

    def account(self, mailing: int) -> Account:
        with self.opened() as newsletter, newsletter.database.read() as session:
            return account.account(session, mailing)
