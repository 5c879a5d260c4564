"""A whole newsletter in a folder of its own, worked by processes of their own that a test may kill.

They are born of one process that has read all modules already: to read them takes two seconds, most of a flow's time.
The programs as a person starts them are in test_demo.py, test_demo_pages.py and test_door.py.
"""

import atexit
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy.orm import Session

import scheduler
from issues import composing, waivers
from issues.models import Fallback, Resource, ResourceText
from newsletter import publishing, wiring
from newsletter.__main__ import main
from newsletter.config import Settings
from newsletter.delivery import account
from newsletter.delivery.account import Account
from newsletter.publishing import When
from newsletter.wiring import Newsletter, utc_now
from subscribers import consent, people
from subscribers.consent import Wording

WORDING = Wording("en", "Yes, write to me once a month.")

WARM = multiprocessing.get_context("forkserver")
WARM.set_forkserver_preload([__name__])
COLD = multiprocessing.get_context("spawn")
"""A program that reads all modules itself, as one that a person starts."""
ONE_PASS = partial(scheduler.main, ["--once"])
"""What `newsletter work --once` becomes."""


def _live(
    life: Callable[[], int | None], words: list[str], environment: Mapping[str, str], out: Path, err: Path
) -> None:
    """A program's life, from its environment to its exit code; with what it starts itself it is a group of its own."""
    os.setpgid(0, 0)
    os.environ.clear()
    os.environ.update(environment)
    for number, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT), number)
    sys.argv = ["newsletter", *words]
    sys.exit(life())


def ended(process: BaseProcess, within: float = 60) -> int:
    """The exit code of a process that comes to its end by itself."""
    process.join(within)
    assert process.exitcode is not None
    return process.exitcode


@atexit.register  # or this process would wait for theirs to end
def end_all() -> None:
    """Kill whatever still runs of what was started here, with what that started itself."""
    for process in multiprocessing.active_children():
        assert process.ident
        with suppress(ProcessLookupError):  # not a group yet, or none of a house
            os.killpg(process.ident, signal.SIGKILL)
        process.kill()
        process.join()


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
        with TemporaryDirectory() as folder:
            out, err = Path(folder, "out"), Path(folder, "err")
            returned = ended(self._start(main, [*arguments], out, err))
            said, complained = out.read_text(), err.read_text()
        assert returned == code, f"{returned}\n{said}\n{complained}"
        assert "Traceback" not in complained
        return said + complained

    def start_work(
        self, log: Path, life: Callable[[], int | None] = ONE_PASS, *words: str, cold: bool = False
    ) -> BaseProcess:
        """One pass of the job, or another life of it; all that it prints is in the log."""
        return self._start(life, [*words], log, log, cold=cold)

    def _start(
        self, life: Callable[[], int | None], words: list[str], out: Path, err: Path, *, cold: bool = False
    ) -> BaseProcess:
        process = (COLD if cold else WARM).Process(target=_live, args=(life, words, self.environment, out, err))
        process.start()
        return process

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
                people.enrol(session, rows, wording=consent.wording_id(session, WORDING), came_by="added", now=now)
            with newsletter.database.write() as session:
                return self._schedule(newsletter, session, slug)

    def _schedule(self, newsletter: Newsletter, session: Session, slug: str) -> int:
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
        composing.approve(session, issue, by="Rosa", now=now)
        for check in ("missing-text", "stale-text"):
            waivers.waive(session, issue, check, "", by="Rosa", now=now)
        return publishing.schedule(session, issue, When(now, "UTC"), newsletter.press, now).id

    def account(self, mailing: int) -> Account:
        with self.opened() as newsletter, newsletter.database.read() as session:
            return account.account(session, mailing)
