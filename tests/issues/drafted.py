"""Resources and an issue drafted from them, in a database."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from issues.composing import draft
from issues.models import Fallback, Issue, Resource, ResourceText

NOW = datetime(2021, 11, 20, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=2)
LANGUAGES = ("en", "es", "vi")


def resource(session: Session, number: int, kind: str, titles: dict[str | None, str], *, days_ago: int = 5) -> Resource:
    """A resource with a text per language; its link names number and language."""
    made = Resource(id=number, kind=kind, published_at=NOW - timedelta(days=days_ago))
    for language, title in titles.items():
        link = f"https://example.org/{number}/{language}/"
        made.texts.append(
            ResourceText(
                guid=link, language=language, title=title, summary=f"About {title}.", link=link, changed_at=NOW
            )
        )
    session.add(made)
    session.flush()
    return made


def shelf(session: Session) -> None:
    """Three resources that can be placed, the newest first."""
    resource(session, 7, "explainer", {"en": "Priorities", "es": "Prioridades", "vi": "Ưu tiên"}, days_ago=1)
    resource(session, 4, "report", {"en": "A second chance"}, days_ago=3)
    resource(session, 8, "explainer", {"en": "The bill"}, days_ago=8)


def drafted(session: Session) -> Issue:
    """The issue of November 2021 with these three, in English, Spanish and Vietnamese."""
    shelf(session)
    return november(session)


def november(session: Session, **given: object) -> Issue:
    """The draft of November 2021 from what is on the shelf."""
    settings = {"month": date(2021, 11, 1), "languages": LANGUAGES, "fallback": Fallback.LABEL, "now": NOW, **given}
    return draft(session, slug="2021-11", **settings)  # type: ignore[arg-type] # each test gives what it varies


def again(session: Session) -> Issue:
    """The same issue in a later session."""
    return session.scalars(select(Issue).where(Issue.slug == "2021-11")).one()


def keys(issue: Issue) -> list[str]:
    """The passages' keys in order."""
    return [passage.key for passage in issue.passages]
