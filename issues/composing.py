"""Drafting an issue, placing resources in it, approving its texts."""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, selectinload

from issues import history, wordings
from issues.errors import Conflict, NotFound, Unreadable
from issues.languages import normal
from issues.layout import Layout
from issues.matrix import CellState, cell_state
from issues.models import Fallback, Issue, Passage, Resource

FIRST_WINDOW = timedelta(days=35)
"""How far the very first issue looks back."""

MOST_PLACED = 20
"""A draft places no more resources than this; the rest are on offer."""


def draft(
    session: Session,
    *,
    slug: str,
    month: date,
    languages: Sequence[str],
    fallback: Fallback,
    now: datetime,
    by: str = "the draft",
    empty: bool = False,
) -> Issue:
    """A new issue of what was published since the last one, with that one's standing passages.

    `languages`: the first is the source language. Raises Conflict where the slug is taken, Unreadable where slug
    or languages are not usable, NotFound where nothing is new, unless `empty` says that this is meant.
    """
    tags = _usable(session, slug, languages)
    last = session.scalars(select(Issue).order_by(Issue.covers_until.desc(), Issue.id.desc())).first()
    until = min(_end(month), now)
    since = last.covers_until if last else until - FIRST_WINDOW
    resources = _published(session, since, until, tags)
    if not resources and not empty:
        raise NotFound(_nothing_new(since, until))
    issue = Issue(
        slug=slug,
        month=month,
        languages=tags,
        fallback=fallback,
        revision=1,
        covers_until=until,
        created_at=now,
    )
    session.add(issue)
    session.flush()
    Layout(session, issue, by, now).compose(last, resources)
    return issue


def on_offer(session: Session, issue: Issue, most: int | None = None) -> list[Resource]:
    """Resources that stand in no issue yet and could stand in this one, newest first; `most`: of the newest so many."""
    placed = select(Passage.resource_id).where(Passage.resource_id.is_not(None))
    found = session.scalars(_open_resources().where(Resource.id.not_in(placed)).limit(most))
    return [resource for resource in found if wordings.resource_texts(resource, issue.languages)]


def place(session: Session, issue: Issue, resource_id: int, *, by: str, now: datetime) -> Passage:
    """Put a resource with its texts at the end of its kind's section, which is made where there is none.

    Raises NotFound where it cannot stand in this issue, Conflict where it stands there already.
    """
    history.hold(session, issue)
    resource = placeable(session, resource_id)
    if not wordings.resource_texts(resource, issue.languages):
        raise NotFound(f"resource {resource_id} has no titled text in {', '.join(issue.languages)}; complete it first")
    if any(passage.resource_id == resource_id for passage in issue.passages):
        raise Conflict(f"resource {resource_id} stands in issue {issue.slug} already")
    issue.revision += 1
    passage = Layout(session, issue, by, now).place(resource)
    history.record_frame(session, issue, by=by, now=now)
    return passage


def placeable(session: Session, resource_id: int) -> Resource:
    """The resource of that number. Raises NotFound where there is none that may be placed."""
    resource = session.get(Resource, resource_id)
    if resource is None:
        raise NotFound(f"there is no resource {resource_id}; list the resources to see their numbers")
    if resource.dismissed_at is not None:
        raise NotFound(f"resource {resource_id} was dismissed; take it back first, or place another one")
    return resource


def approve(
    session: Session,
    issue: Issue,
    *,
    keys: Collection[str] | None = None,
    language: str | None = None,
    by: str,
    now: datetime,
) -> int:
    """Approve every complete text among the passages `keys` (all) in `language` (all); how many were not before.

    A stale translation that is approved counts as true to the present source text.
    Raises NotFound where a key or the language is not the issue's.
    """
    history.hold(session, issue)
    open_cells = [
        (passage, tag)
        for passage in _chosen(issue, keys)
        for tag in _chosen_languages(issue, language)
        if cell_state(passage, tag) in (CellState.DRAFT, CellState.STALE)
    ]
    issue.revision += bool(open_cells)
    for passage, tag in open_cells:
        if wording := passage.wording(tag):
            wordings.approve(session, passage, wording, by=by, now=now)
    return len(open_cells)


def _chosen(issue: Issue, keys: Collection[str] | None) -> list[Passage]:
    unknown = sorted(set(keys or ()) - {passage.key for passage in issue.passages})
    if unknown:
        raise NotFound(f"issue {issue.slug} has no passage {unknown[0]}; export it to see the keys")
    return [passage for passage in issue.passages if keys is None or passage.key in keys]


def _chosen_languages(issue: Issue, language: str | None) -> list[str]:
    if language is None:
        return issue.languages
    if language not in issue.languages:
        raise NotFound(f"issue {issue.slug} is not in {language}; its languages are {', '.join(issue.languages)}")
    return [language]


def _usable(session: Session, slug: str, languages: Sequence[str]) -> list[str]:
    if not wordings.KEY.fullmatch(slug):
        raise Unreadable(f"{slug[:64]!r} cannot name an issue; use small letters, digits and hyphens, like 2021-11")
    if session.scalars(select(Issue.id).where(Issue.slug == slug)).first():
        raise Conflict(f"there is an issue {slug} already; export and edit it, or choose another name")
    try:
        tags = [normal(tag) for tag in languages]
    except ValueError as error:
        raise Unreadable(str(error)) from error
    if not tags or len(set(tags)) < len(tags):
        raise Unreadable("an issue needs at least one language, and each only once")
    return tags


def _end(month: date) -> datetime:
    following = (month.replace(day=1) + timedelta(days=31)).replace(day=1)
    return datetime(following.year, following.month, 1, tzinfo=UTC)


def _open_resources() -> Select[Resource]:
    return (
        select(Resource)
        .where(Resource.dismissed_at.is_(None))
        .options(selectinload(Resource.texts))
        .order_by(Resource.published_at.desc(), Resource.id.desc())
    )


def _published(session: Session, since: datetime, until: datetime, languages: Sequence[str]) -> list[Resource]:
    found = session.scalars(_open_resources().where(since <= Resource.published_at, Resource.published_at < until))
    usable = [resource for resource in found if wordings.resource_texts(resource, languages)]
    return usable[:MOST_PLACED]


def _nothing_new(since: datetime, until: datetime) -> str:
    return (
        f"nothing new was published from {since:%Y-%m-%d} until {until:%Y-%m-%d} in the issue's languages; "
        "import resources first, or ask for an empty draft"
    )
