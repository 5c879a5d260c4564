"""The account of a mailing: each state by language, the languages as the issue names them."""

from datetime import UTC, date, datetime

from issues.models import Edition, Issue
from newsletter.db import Database
from newsletter.delivery import planning
from newsletter.delivery.account import account
from newsletter.delivery.models import Delivery, State

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def test_languages_stand_in_the_order_of_the_issue(database: Database) -> None:
    with database.write() as session:
        session.add(Issue(slug="x", month=date(2026, 11, 1), languages=["vi", "en"], covers_until=NOW, created_at=NOW))
        session.flush()
        part = {"issue_id": 1, "subject": "", "html": "", "text": "", "digest": "", "frozen_at": NOW}
        session.add_all([Edition(language=tag, **part) for tag in ("en", "vi")])
        session.flush()
        mailing = planning.schedule(session, issue=1, editions={"vi": 2, "en": 1}, due_at=NOW, zone="UTC").id
        states = [
            (1, State.ACCEPTED, None),
            (1, State.PENDING, NOW),
            (2, State.ACCEPTED, NOW),
            (2, State.ACCEPTED, None),
        ]
        session.add_all(
            [Delivery(mailing_id=mailing, edition_id=of, state=state, retry_at=at) for of, state, at in states]
        )
        session.flush()
        counted = account(session, mailing)
    assert list(counted.by_language.items()) == [
        ("vi", {State.ACCEPTED: 2}),
        ("en", {State.ACCEPTED: 1, State.PENDING: 1}),
    ]
    assert (counted.people, counted.waiting) == (4, 1)
