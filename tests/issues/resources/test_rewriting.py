"""Texts in a person's own words: no import takes them away, and no colleague unseen."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from issues.errors import Conflict, Unreadable
from issues.models import ResourceText, Source, SourceKind
from issues.resources.found import Found, Parsed, Reading
from issues.resources.importing import SourceReport, add_source, store
from issues.resources.rewriting import give_back, rewrite, words_digest
from newsletter.db import Database

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
FOUND = Found("1", "en", "memo", "A memo", "It says", "https://example.org/1", published=NOW - timedelta(days=3))
MINE = {"title": "The memo", "summary": "It says **this**.", "link": "https://example.org/1"}


def put(session: Session, *entries: Found) -> SourceReport:
    source = add_source(session, "https://example.org/feed", SourceKind.RSS)
    return store(session, source.id, Reading(Parsed(list(entries)), etag="kept"), NOW)


def rewritten(session: Session) -> ResourceText:
    """The memo in our words."""
    put(session, FOUND)
    text = session.scalars(select(ResourceText)).one()
    return rewrite(session, text.id, MINE, words_digest(text), NOW)


def test_what_a_person_wrote_stands_against_every_import(database: Database) -> None:
    with database.write() as session:
        text = rewritten(session)
        quiet = put(session, FOUND)
        assert (quiet.unchanged, quiet.flagged) == (1, [])
        news = put(session, replace(FOUND, title="A corrected memo", image="https://example.org/1.jpg"))
        assert (text.title, text.summary, text.image) == ("The memo", "It says **this**.", "https://example.org/1.jpg")
        assert "The memo: its source changed it, and the words written here stand" in news.flagged
        assert put(session, replace(FOUND, title="A corrected memo")).flagged == []  # it was said once


def test_a_text_that_is_given_back_says_what_its_source_says_from_the_next_reading_on(database: Database) -> None:
    with database.write() as session:
        give_back(session, rewritten(session).id)
        assert session.scalars(select(Source.etag)).one() is None  # so that all is read anew
        put(session, FOUND)
        assert session.scalars(select(ResourceText.title)).one() == "A memo"


def test_who_did_not_see_the_present_words_overwrites_nothing(database: Database) -> None:
    with database.write() as session:
        text = rewritten(session)
        with pytest.raises(Conflict, match="both stand below"):
            rewrite(session, text.id, MINE | {"title": "Another"}, "an older digest", NOW)
        with pytest.raises(Unreadable, match="needs a title"):
            rewrite(session, text.id, MINE | {"title": " "}, words_digest(text), NOW)
        put(session, FOUND, replace(FOUND, guid="2", link="https://example.org/2"))
        with pytest.raises(Conflict, match="on the shelf already"):
            rewrite(session, text.id, MINE | {"link": "https://example.org/2"}, words_digest(text), NOW)
        assert text.title == "The memo"
