"""Texts on the shelf in a person's own words: from then on no import changes them, until they are given back."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from issues.errors import Conflict
from issues.matrix import fields_digest
from issues.models import ResourceText, Source
from issues.resources.by_hand import Written, find_link, text_of
from issues.resources.found import Found
from issues.resources.shelf import text_numbered

WORDS = ("title", "summary", "link")
"""What a person rewrites; a source's picture stays its own."""


def words_digest(of: ResourceText | Found) -> str:
    """Stands for the words of a text, or of what a source says."""
    return fields_digest({name: getattr(of, name) for name in WORDS})


def rewrite(session: Session, text_id: int, typed: Mapping[str, str], seen: str, now: datetime) -> ResourceText:
    """Other words for a text; what issues hold of it stays as it is. `seen`: the digest of the words it was made from.

    Raises NotFound, Unreadable for words that cannot be kept, Conflict where somebody changed them meanwhile or where
    another resource has the link.
    """
    text = text_numbered(session, text_id, for_update=True)
    if words_digest(text) != seen:
        raise Conflict("Somebody changed this text while you wrote: both stand below, and nothing is lost.")
    written = text_of(Written(text.language or "en", **{name: typed.get(name, "") for name in WORDS}), now)
    known = find_link(session, written.link) if written.link != text.link else None
    if known and known is not text.resource:
        raise Conflict(f"This link is on the shelf already, as resource {known.id}.")
    if words_digest(written) == seen:
        return text
    if text.source_id is not None and text.given_words is None:
        text.given_words = seen
    for name in WORDS:
        setattr(text, name, getattr(written, name))
    text.changed_at = now
    session.flush()
    return text


def give_back(session: Session, text_id: int) -> ResourceText:
    """The source's words count again: they come with its next reading, which reads all anew. Raises NotFound."""
    text = text_numbered(session, text_id, for_update=True)
    source = session.get(Source, text.source_id) if text.given_words and text.source_id else None
    text.given_words = None
    if source:
        source.etag = source.last_modified = source.modified_until = None
    session.flush()
    return text


def hears_news(text: ResourceText, found: Found) -> bool:
    """Whether the source of a rewritten text says something else than it did; it is heard once."""
    said = words_digest(found)
    if text.given_words is None or said == text.given_words:
        return False
    text.given_words = said
    return True
