"""A month to send: an issue in two languages that is ready to go, and its readers."""

from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Event

from issues import composing, waivers
from issues.models import Fallback, Resource, ResourceText
from newsletter.delivery.message import Letterhead
from newsletter.delivery.sender import Office, send_due
from newsletter.mail import Transport
from newsletter.publishing import find_issue
from subscribers import people
from subscribers.consent import Wording
from tests.journals import journal
from tests.web.conftest import Web

SLUG = "2026-11"


def draft(web: Web, *, ready: bool = True) -> None:
    """An issue of November; where it is not `ready`, its Spanish texts are missing and block."""
    with web.database.write() as session:
        text = {"summary": "A summary.", "link": "https://ijn.example.org/1", "changed_at": web.now, "guid": "1"}
        session.add(Resource(published_at=web.now, texts=[ResourceText(language="en", title="A report", **text)]))
        session.flush()
        issue = composing.draft(
            session,
            slug=SLUG,
            month=date(2026, 11, 1),
            languages=["en", "es"],
            fallback=Fallback.LABEL,
            now=web.now + timedelta(seconds=1),
        )
        composing.approve(session, issue, by="Rosa", now=web.now)
        if ready:
            for check in ("missing-text", "stale-text"):
                waivers.waive(session, find_issue(session, SLUG), check, "", by="Rosa", now=web.now)


def subscribe(web: Web, *names: str, languages: str = "en") -> None:
    """Readers by the local part of their address."""
    with web.database.write() as session:
        for name in names:
            people.add(
                session,
                web.vault,
                address=f"{name}@example.com",
                name=name.title(),
                languages=languages,
                came_by="added",
                wording=Wording("en", "One mail a month."),
                now=web.now,
            )


def send(web: Web, transport: Transport, locks: Path, now: datetime | None = None) -> None:
    """One pass of the job at this moment."""
    moment = now or web.now
    letterhead = Letterhead("The Network <news@example.org>", "", "news.example.org")
    office = Office(web.database, web.vault, letterhead, "https://news.example.org", locks, lambda: moment, journal())
    send_due(office, transport, Event())
