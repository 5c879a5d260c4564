"""The resources at hand: looking through them, putting one away, mending what a source did not say."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from issues.errors import IssueError, NotFound
from issues.languages import normal
from issues.models import Resource, ResourceText


def listing(session: Session, *, since: datetime | None = None, dismissed: bool = False) -> list[Resource]:
    """Resources with their texts, the newest first: published after `since`; with `dismissed`, only those put away."""
    chosen = select(Resource).order_by(Resource.published_at.desc(), Resource.id)
    put_away = Resource.dismissed_at.is_not(None)
    chosen = chosen.where(put_away if dismissed else ~put_away)
    if since is not None:
        chosen = chosen.where(Resource.published_at > since)
    return list(session.scalars(chosen.options(selectinload(Resource.texts))))


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


def text_numbered(session: Session, text_id: int) -> ResourceText:
    """The text of this number. Raises NotFound."""
    text = session.get(ResourceText, text_id)
    if text is None:
        raise NotFound(f"There is no text {text_id}; list the resources to see their texts.")
    return text
