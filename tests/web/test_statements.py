"""However much there is, a page asks the database as many questions: what is fast enough is measured in benchmarks."""

from datetime import UTC, date, datetime, timedelta

import pytest

from issues.models import Issue, Passage, PassageKind, Resource, ResourceText, Wording
from newsletter.delivery.models import Mailing, MailingState
from tests.web.conftest import Web
from tests.web.desk import desk_client
from tests.web.joining import statements

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def add(web: Web, first: int, last: int) -> None:
    """Resources with two texts each that stand in issues; every second issue was mailed."""
    with web.database.write() as session:
        for number in range(first, last):
            text = {"title": f"Report {number}", "summary": "Words.", "changed_at": NOW}
            texts = [ResourceText(language=tag, guid=f"{number} {tag}", **text) for tag in ("en", "es")]
            resource = Resource(kind="report", published_at=NOW - timedelta(days=number), texts=texts)
            month = date(2020 + number // 12, number % 12 + 1, 1)
            issue = Issue(slug=f"{month:%Y-%m}", month=month, languages=["en", "es"], covers_until=NOW, created_at=NOW)
            for position, kind in enumerate((PassageKind.OPENING, PassageKind.RESOURCE)):
                worded = Wording(language="en", fields={"title": "Hello", "subject": "Hi", "body": "Dear"}, revision=1)
                placed = resource if kind is PassageKind.RESOURCE else None
                issue.passages.append(
                    Passage(key=kind, kind=kind, position=position, resource=placed, wordings=[worded])
                )
            session.add(issue)
            session.flush()
            if number % 2:
                times = {"due_at": NOW, "not_later_than": NOW, "opened_at": NOW, "finished_at": NOW}
                session.add(Mailing(issue_id=issue.id, state=MailingState.FINISHED, zone="UTC", note="", **times))


@pytest.mark.parametrize("page", ["/desk", "/desk/resources", "/desk/resources?q=report", "/desk/issues"])
def test_a_page_asks_no_more_where_there_is_more(web: Web, page: str) -> None:
    client = desk_client(web).client
    add(web, 0, 4)
    client.get(page)
    with statements(web) as few:
        client.get(page)
    add(web, 4, 30)
    client.get(page)
    with statements(web) as many:
        assert client.get(page).status_code == 200
    assert len(many) <= len(few) + 1, "\n".join(many)
