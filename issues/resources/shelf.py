"""The resources at hand: looking through them, putting one away, mending what a source did not say."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from issues.errors import IssueError, NotFound
from issues.languages import normal
from issues.models import Issue, Passage, Resource, ResourceText

PAGE = 50
"""Resources on one page of the shelf."""
_MOST_WORDS = 8


@dataclass(frozen=True)
class Wanted:
    """What to look for; empty is everything."""

    words: str = ""
    """Each must stand in the title or summary of one of its texts."""
    languages: tuple[str, ...] = ()
    """It has a text in each of them."""
    lacks_one_of: tuple[str, ...] = ()
    """It has no text in at least one of them."""
    kind: str = ""
    source: int | None = None
    issue: str = ""
    """The slug of an issue it stands in; `none` for those that stand in no issue."""
    dismissed: bool = False
    since: datetime | None = None


@dataclass(frozen=True)
class Shelf:
    """One page of resources, how many are wanted in all, and the issues each stands in by its number."""

    resources: list[Resource]
    count: int
    placed: dict[int, list[Issue]]


def listing(session: Session, *, since: datetime | None = None, dismissed: bool = False) -> list[Resource]:
    """Resources with their texts, the newest first: published after `since`; with `dismissed`, only those put away."""
    chosen = select(Resource).order_by(Resource.published_at.desc(), Resource.id)
    put_away = Resource.dismissed_at.is_not(None)
    chosen = chosen.where(put_away if dismissed else ~put_away)
    if since is not None:
        chosen = chosen.where(Resource.published_at > since)
    return list(session.scalars(chosen.options(selectinload(Resource.texts))))


def browse(session: Session, wanted: Wanted, page: int = 0) -> Shelf:
    """One page of what is wanted, the newest first. What needs no look at the texts costs the same on any shelf."""
    conditions = list(_conditions(wanted))
    newest = (
        select(Resource)
        .where(*conditions)
        .order_by(Resource.published_at.desc(), Resource.id)
        .offset(page * PAGE)
        .limit(PAGE + 1)
    )
    found = list(session.scalars(newest.options(selectinload(Resource.texts))))
    resources = found[:PAGE]
    count = page * PAGE + len(found)
    if len(found) > PAGE or (page and not found):  # else this was the last page, and texts are searched once
        count = session.scalar(select(func.count(Resource.id)).where(*conditions)) or 0
    return Shelf(resources, count, _placed(session, [resource.id for resource in resources]))


def count(session: Session, *, dismissed: bool = False) -> int:
    """How many are on the shelf, or were put away."""
    return session.scalar(select(func.count(Resource.id)).where(*_conditions(Wanted(dismissed=dismissed)))) or 0


def issues_with(session: Session, resource_id: int) -> list[Issue]:
    """The issues that a resource stands in, the oldest first."""
    return _placed(session, [resource_id]).get(resource_id, [])


def placings(session: Session, resource_id: int) -> list[Passage]:
    """The passages that a resource stands in, those of the newest issue first."""
    rows = select(Passage).join(Issue, Issue.id == Passage.issue_id).where(Passage.resource_id == resource_id)
    return list(session.scalars(rows.options(joinedload(Passage.issue)).order_by(Issue.month.desc())))


def kinds(session: Session) -> list[str]:
    """The kinds there are, by name."""
    return list(session.scalars(select(Resource.kind).distinct().order_by(Resource.kind)))


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    put_away = Resource.dismissed_at.is_not(None)
    yield put_away if wanted.dismissed else ~put_away
    for tag in wanted.languages:
        yield _has_text(ResourceText.language == tag)
    for word in wanted.words.split()[:_MOST_WORDS]:
        yield _has_text(_says(word))
    if wanted.lacks_one_of:
        yield or_(*(~_has_text(ResourceText.language == tag) for tag in wanted.lacks_one_of))
    if wanted.kind:
        yield Resource.kind == wanted.kind
    if wanted.source is not None:
        yield _has_text(ResourceText.source_id == wanted.source)
    if wanted.issue:
        stands = exists().where(Passage.resource_id == Resource.id)
        named = stands.where(Passage.issue_id == Issue.id, Issue.slug == wanted.issue)
        yield ~stands if wanted.issue == "none" else named
    if wanted.since:
        yield Resource.published_at >= wanted.since


def _has_text(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(ResourceText.resource_id == Resource.id, condition)


def _says(word: str) -> ColumnElement[bool]:
    return or_(
        ResourceText.title.icontains(word, autoescape=True), ResourceText.summary.icontains(word, autoescape=True)
    )


def _placed(session: Session, resources: list[int]) -> dict[int, list[Issue]]:
    rows = session.execute(
        select(Resource.id, Issue)
        .join(Passage, Passage.resource_id == Resource.id)
        .join(Issue, Issue.id == Passage.issue_id)
        .where(Resource.id.in_(resources))
        .order_by(Issue.month)
    )
    placed: dict[int, list[Issue]] = {}
    for number, issue in rows:
        placed.setdefault(number, []).append(issue)
    return placed


def dismiss(session: Session, resource_id: int, now: datetime) -> Resource:
    """Put a resource away: no import brings it back. Doing it twice keeps the first date. Raises NotFound."""
    resource = resource_numbered(session, resource_id)
    resource.dismissed_at = resource.dismissed_at or now
    return resource


def restore(session: Session, resource_id: int) -> Resource:
    """Bring a dismissed resource back. Raises NotFound."""
    resource = resource_numbered(session, resource_id)
    resource.dismissed_at = None
    return resource


def set_language(session: Session, text_id: int, language: str) -> ResourceText:
    """Say which language a text is in. It stands until the source itself says another than before.

    Raises NotFound, or IssueError for a tag that is none or a language its resource already has.
    """
    text = text_numbered(session, text_id)
    try:
        tag = normal(language)
    except ValueError as error:
        raise IssueError(f"{error}.") from None
    if any(other.language == tag for other in text.resource.texts if other is not text):
        raise IssueError(f"Resource {text.resource_id} already has a text in {tag}; unpair one first.")
    text.language = tag
    return text


def resource_numbered(session: Session, resource_id: int) -> Resource:
    """The resource of this number. Raises NotFound."""
    resource = session.get(Resource, resource_id)
    if resource is None:
        raise NotFound(f"There is no resource {resource_id}; list them to see their numbers.")
    return resource


def text_numbered(session: Session, text_id: int, *, for_update: bool = False) -> ResourceText:
    """The text of this number; `for_update` keeps others from it until the transaction ends. Raises NotFound."""
    text = session.get(ResourceText, text_id, with_for_update=for_update or None)
    if text is None:
        raise NotFound(f"There is no text {text_id}; list the resources to see their texts.")
    return text
