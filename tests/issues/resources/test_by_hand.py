"""Writing resources down by hand, looking through the shelf, keeping two apart."""

from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from issues.errors import Conflict, Unreadable
from issues.models import Resource
from issues.resources import by_hand, pairing, shelf
from issues.resources.by_hand import Written
from issues.resources.shelf import Wanted
from newsletter.db import Database

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def add(session: Session, title: str, language: str = "en", kind: str = "guide", link: str = "") -> Resource:
    return by_hand.add(session, Written(language, title, f"About {title}.", link), kind, NOW)


def found(session: Session, wanted: Wanted, page: int = 0) -> list[str]:
    return [resource.texts[0].title for resource in shelf.browse(session, wanted, page).resources]


def test_a_text_and_a_second_language_are_kept(database: Database) -> None:
    with database.write() as session:
        made = add(session, " Bail\n guide ", link="https://example.org/bail")
        by_hand.add_text(session, made.id, Written("ES", "Fianzas"), NOW)
        assert [(text.language, text.title) for text in made.texts] == [("en", "Bail guide"), ("es", "Fianzas")]
        assert by_hand.find_link(session, "https://example.org/bail") is made
        with pytest.raises(Conflict, match="has a text in es already"):
            by_hand.add_text(session, made.id, Written("es", "Otra"), NOW)
        with pytest.raises(Conflict, match="on the shelf already"):
            add(session, "Again", link="https://example.org/bail")


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (Written("", "Bail"), "which language"),
        (Written("en", "  "), "needs a title"),
        (Written("en", "Bail", link="javascript:alert(1)"), "no link"),
        (Written("en", "Bail", link="https://ana:secret@example.org/"), "no link"),
    ],
)
def test_what_cannot_be_kept_is_said(database: Database, written: Written, why: str) -> None:
    with database.write() as session, pytest.raises(Unreadable, match=why):
        by_hand.add(session, written, "guide", NOW)


def test_the_shelf_is_looked_through_by_words_language_kind_and_use(database: Database) -> None:
    with database.write() as session:
        bail = add(session, "Bail 100%")
        add(session, "Fianzas", "es", "memo")
        by_hand.add_text(session, bail.id, Written("es", "Cien"), NOW)
        shelf.dismiss(session, add(session, "Old").id, NOW)
        assert found(session, Wanted(words="100% ABOUT")) == ["Bail 100%"]
        assert found(session, Wanted(words="1_0")) == []
        assert found(session, Wanted(languages=("en", "es"))) == ["Bail 100%"]
        assert found(session, Wanted(lacks_one_of=("en", "es"))) == ["Fianzas"]
        assert found(session, Wanted(kind="memo")) == ["Fianzas"]
        assert found(session, Wanted(dismissed=True)) == ["Old"]
        assert found(session, Wanted(issue="none")) == ["Bail 100%", "Fianzas"]
        assert found(session, Wanted(issue="2026-11")) == []
        assert found(session, Wanted(source=1)) == []
        assert found(session, Wanted(), page=1) == []
        assert shelf.kinds(session) == ["guide", "memo"]


def test_what_was_kept_apart_is_proposed_no_more_until_taken_back(database: Database) -> None:
    with database.write() as session:
        one = add(session, "DHS memo of 2021 and 2022", link="https://example.org/en/dhs-memo-of")
        other = add(session, "Memo de DHS 2021 y 2022", "es", link="https://example.org/es/dhs-memo-of")
        (proposal,) = pairing.proposals(session, newest=10)
        assert proposal.resource_ids == (one.id, other.id)
        for _twice in range(2):
            pairing.keep_apart(session, [other.id, one.id])
        assert pairing.proposals(session) == []
        pairing.propose_again(session, [one.id, other.id])
        assert len(pairing.proposals(session)) == 1
