"""Made-up rows, straight into the tables: a newsletter of any size in seconds. Sealed values are mostly noise."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import insert, text, update
from sqlalchemy.orm import Session

from issues.models import Edit, Edition, Issue, Passage, PassageKind, Resource, ResourceText, Source, Wording
from newsletter.db import Database
from newsletter.delivery import planning
from newsletter.delivery.models import Delivery, Generation, Mailing, MailingEdition, MailingState, State
from subscribers import consent, people
from subscribers.models import Subscriber
from subscribers.vault import Vault
from tests.issues.sample_words import CLOSING, MEMO, OPENING

LANGUAGES = ["en", "es", "vi"]
CARDS = 25
"""Resources in the issue in the making."""
NOW = datetime.now(UTC).replace(microsecond=0)
REFUSED = 300
"""Readers whose address is really sealed, because the report of the last mailing opens it."""

_ROWS = "WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last}) "
_READERS = """
INSERT INTO subscriber (id, address_hash, sealed_address, sealed_name, languages, state)
SELECT i, randomblob(32), randomblob(60), randomblob(44),
  CASE i % 20 WHEN 0 THEN 'vi' WHEN 1 THEN 'vi,en' WHEN 2 THEN '' WHEN 3 THEN 'ar'
  ELSE substr('enesen', i % 3 * 2 + 1, 2) END, 'subscribed' FROM n
"""
_CONSENTS = """
INSERT INTO consent (subscriber_id, wording_id, came_by, confirmed_on)
SELECT id, 1, 'import', '2021-05-01' FROM subscriber WHERE id > {first}
"""
_SUPPRESSED = "INSERT INTO suppression (address_hash, reason, day) SELECT randomblob(32), 'left', '2021-06-01' FROM n"


class Size(NamedTuple):
    """How much there is."""

    resources: int
    issues: int
    readers: int


SMALL = Size(resources=200, issues=30, readers=400)
FULL = Size(resources=10_000, issues=500, readers=1_000_000)


def fill(database: Database, vault: Vault, size: Size) -> None:
    """An empty SQLite newsletter becomes one of this size. Its last issue is a draft; the one before is due."""
    with database.write() as session:
        session.execute(text("PRAGMA cache_size = -400000"))
        _add_readers(session, vault, size.readers)
        _add_shelf(session, size.resources)
        _add_issues(session, size)


def freeze_audience(session: Session) -> None:
    """The mailing of the newest issue but one is opened: everyone gets a row."""
    planning.open_due(session, NOW)


def settle(session: Session) -> None:
    """That mailing is over: nearly all accepted, REFUSED refused, each with an attempt."""
    mailing = session.query(Mailing).order_by(Mailing.due_at.desc()).first()
    assert mailing is not None
    mailing.state, mailing.finished_at = MailingState.FINISHED, NOW
    session.add(Generation(id=1, started_at=NOW, ended_at=NOW))
    session.flush()
    theirs = update(Delivery).where(Delivery.mailing_id == mailing.id)
    session.execute(theirs.values(state=State.ACCEPTED, tries=1, reason="250 2.0.0 Ok"))
    said = "550 5.1.1 no such user"
    session.execute(theirs.where(Delivery.subscriber_id <= REFUSED).values(state=State.REFUSED, reason=said))
    rows = "SELECT id, 1, :now, :now, 250, '2.0.0 Ok' FROM delivery"
    into = f"INSERT INTO attempt (delivery_id, generation_id, started_at, ended_at, code, text) {rows}"
    session.execute(text(into), {"now": NOW.replace(tzinfo=None).isoformat(" ") + ".000000"})


def _add_readers(session: Session, vault: Vault, count: int) -> None:
    wording = consent.wording_id(session, consent.Wording("en", "One mail a month."))
    known = [people.sealed(vault, address=f"reader{n}@example.org", name="", languages="en") for n in range(REFUSED)]
    people.enrol(session, known, wording=wording, came_by="added", now=NOW)
    session.execute(text(_ROWS.format(first=REFUSED + 1, last=count) + _READERS))
    session.execute(text(_CONSENTS.format(first=REFUSED)))
    session.execute(text(_ROWS.format(first=1, last=max(count // 50, 1)) + _SUPPRESSED))
    session.expire_all()
    assert session.query(Subscriber).count() == count


def _add_shelf(session: Session, count: int) -> None:
    session.add_all([Source(kind="file", url=f"/nowhere/{name}.json", imported_at=NOW) for name in ("a", "b", "c")])
    session.flush()
    kinds = ("report", "explainer", "video", "memo", "platform")
    session.execute(
        insert(Resource),
        [{"kind": kinds[n % 5], "published_at": NOW - timedelta(hours=count - n)} for n in range(1, count + 1)],
    )
    session.execute(insert(ResourceText), list(_texts(count)))


def _texts(count: int) -> Iterator[dict[str, Any]]:
    for number in range(1, count + 1):
        for language, fields in list(MEMO.items())[: 1 + number % 3]:
            yield {
                "resource_id": number,
                "source_id": number % 3 + 1,
                "guid": f"{number}-{language}",
                "language": language,
                "title": f"{fields['title']} {number}",
                "summary": fields["body"],
                "link": f"https://example.org/{number}/{language}",
                "changed_at": NOW,
            }


def _add_issues(session: Session, size: Size) -> None:
    months = [_month_before(NOW.date().replace(day=1), size.issues - 1 - n) for n in range(size.issues)]
    session.execute(insert(Issue), [_issue(month) for month in months])
    session.execute(insert(Passage), list(_passages(size)))
    session.execute(insert(Wording), list(_wordings(session)))
    session.execute(insert(Edit), list(_edits(session)))
    _add_mailings(session, size.issues)


def _issue(month: date) -> dict[str, Any]:
    told = datetime(month.year, month.month, 1, tzinfo=UTC)
    return {"slug": f"{month:%Y-%m}", "month": month, "languages": LANGUAGES, "covers_until": told, "created_at": told}


def _month_before(month: date, count: int) -> date:
    months = month.year * 12 + month.month - 1 - count
    return date(months // 12, months % 12 + 1, 1)


def _passages(size: Size) -> Iterator[dict[str, Any]]:
    """Ten resources in each issue, and CARDS in the last."""
    for issue in range(1, size.issues + 1):
        cards = CARDS if issue == size.issues else 10
        kinds = [PassageKind.OPENING, *[PassageKind.RESOURCE] * cards, PassageKind.CLOSING]
        for position, kind in enumerate(kinds):
            resource = (issue * 10 + position) % size.resources + 1 if kind is PassageKind.RESOURCE else None
            key = str(resource) if resource else kind.value
            yield {"issue_id": issue, "key": key, "kind": kind, "position": position, "resource_id": resource}


def _wordings(session: Session) -> Iterator[dict[str, Any]]:
    texts = {PassageKind.OPENING: OPENING, PassageKind.RESOURCE: MEMO, PassageKind.CLOSING: CLOSING}
    for number, kind, key in session.execute(text("SELECT id, kind, key FROM passage ORDER BY id")):
        for language in LANGUAGES:
            fields = texts[PassageKind(kind)][language]
            title = f"{fields['title']} {key if key.isdecimal() else ''}".strip()
            yield {"passage_id": number, "language": language, "fields": fields | {"title": title}, "revision": 1}


def _edits(session: Session) -> Iterator[dict[str, Any]]:
    rows = "SELECT issue_id, key, language, fields FROM wording JOIN passage ON passage.id = passage_id"
    for issue, key, language, fields in session.execute(text(rows)):
        told = {"issue_id": issue, "revision": 1, "passage_key": key, "language": language}
        yield told | {"what": "text", "fields": json.loads(fields), "by": "Ana", "at": NOW}


def _add_mailings(session: Session, issues: int) -> None:
    """One for each issue but the last; the newest of them waits to be opened, the others went to nobody."""
    html = "<p>News</p><a href='[[unsubscribe_url]]'>leave</a>"
    part = {"subject": "News", "html": html, "text": "News [[unsubscribe_url]]", "digest": "0" * 64, "frozen_at": NOW}
    session.execute(
        insert(Edition),
        [part | {"issue_id": issue, "language": language} for issue in range(1, issues) for language in LANGUAGES],
    )
    session.execute(insert(Mailing), [_mailing(issue, is_newest=issue == issues - 1) for issue in range(1, issues)])
    session.execute(
        insert(MailingEdition),
        [
            {
                "mailing_id": issue,
                "language": language,
                "position": place,
                "edition_id": (issue - 1) * len(LANGUAGES) + place + 1,
            }
            for issue in range(1, issues)
            for place, language in enumerate(LANGUAGES)
        ],
    )


def _mailing(issue: int, *, is_newest: bool) -> dict[str, Any]:
    due = NOW if is_newest else NOW - timedelta(days=40_000 - issue)
    over = None if is_newest else due
    state = MailingState.SCHEDULED if is_newest else MailingState.FINISHED
    times = {"due_at": due, "opened_at": over, "finished_at": over, "not_later_than": due + timedelta(days=1)}
    return times | {"issue_id": issue, "state": state, "zone": "UTC", "note": ""}
