"""What no source brings: a poster, a training, a PDF from a partner, written down by a person."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from issues.errors import Conflict, Unreadable
from issues.languages import normal
from issues.models import Resource, ResourceText
from issues.resources.cleaning import kind_of, link_of, summary_of, title_of, word_of
from issues.resources.found import OTHER_KIND
from issues.resources.pairing import speaks
from issues.resources.shelf import resource_numbered


@dataclass(frozen=True)
class Written:
    """One text as a person entered it."""

    language: str
    title: str
    summary: str = ""
    link: str = ""
    image: str = ""


def add(session: Session, written: Written, kind: str, now: datetime) -> Resource:
    """A new resource of one text. Raises Unreadable for what cannot be kept, Conflict where its link is known."""
    text = text_of(written, now)
    known = find_link(session, text.link)
    if known is not None:
        raise Conflict(f"This link is on the shelf already, as resource {known.id}.")
    resource = Resource(kind=kind_of(kind) or OTHER_KIND, published_at=now)
    resource.texts.append(text)
    session.add(resource)
    session.flush()
    return resource


def add_text(session: Session, resource_id: int, written: Written, now: datetime) -> ResourceText:
    """One more language of a resource. Raises NotFound, Unreadable, or Conflict where it speaks that one already."""
    resource = resource_numbered(session, resource_id)
    text = text_of(written, now)
    if speaks(resource, text.language):
        raise Conflict(f"Resource {resource_id} has a text in {text.language} already; unpair that one first.")
    resource.texts.append(text)
    session.flush()
    return text


def find_link(session: Session, link: str) -> Resource | None:
    """The resource that one of its texts leads from to this link, or nothing."""
    if not link:
        return None
    text = session.scalars(select(ResourceText).where(ResourceText.link == link).limit(1)).first()
    return text.resource if text else None


def text_of(written: Written, now: datetime) -> ResourceText:
    """What was entered, cleaned, as a text that is on no shelf yet. Raises Unreadable for what cannot be kept."""
    try:
        language = normal(written.language)
    except ValueError:
        raise Unreadable("Say which language the text is in.") from None
    title, link = title_of(written.title), link_of(written.link)
    if not title:
        raise Unreadable("A resource needs a title.")
    if written.link.strip() and not link:
        raise Unreadable("This is no link that can stand in a mail: it begins with https:// and holds no password.")
    return ResourceText(
        guid=word_of(link or title),
        language=language,
        given_language=language,
        title=title,
        summary=summary_of(written.summary),
        link=link,
        image=link_of(written.image),
        changed_at=now,
    )
