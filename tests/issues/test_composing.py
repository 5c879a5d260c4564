"""A draft holds what was published since the last issue; resources are placed; texts are approved."""

from datetime import UTC, date, datetime, timedelta

import pytest
from babel.messages.pofile import read_po
from sqlalchemy.orm import Session

from issues import history
from issues.composing import MOST_PLACED, approve, draft, on_offer, place
from issues.defaults import CLOSING_TITLE, SECTION_TITLES
from issues.errors import Conflict, NotFound, Unreadable
from issues.languages import CATALOGUES
from issues.matrix import CellState, cell_state
from issues.models import Fallback, Issue, Passage, PassageKind, Wording
from newsletter.db import Database
from tests.issues.drafted import LATER, NOW, again, drafted, keys, november, resource, shelf

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # where SQL does not matter
DECEMBER = datetime(2021, 12, 20, tzinfo=UTC)


def december(session: Session, *, empty: bool = False) -> Issue:
    return draft(
        session,
        slug="2021-12",
        month=date(2021, 12, 1),
        languages=("en", "es", "vi"),
        fallback=Fallback.LABEL,
        now=DECEMBER,
        empty=empty,
    )


def stand(session: Session, issue: Issue, at: int, kind: PassageKind, key: str) -> Passage:
    """Put a standing passage, approved in English and translated into Spanish, into an issue."""
    passage = Passage(kind=kind, key=key, position=0, every_month=True)
    fields = {"title": "Help", "phone": "+1 555 0142"} if kind is PassageKind.HOTLINE else {"title": "Help"}
    passage.wordings.append(Wording(language="en", fields=fields, revision=1, approved_by="Ana", approved_at=NOW))
    passage.wordings.append(Wording(language="es", fields=fields, revision=1))
    issue.passages.insert(at, passage)
    for position, each in enumerate(issue.passages):
        each.position = position
    session.flush()
    return passage


def test_the_first_draft_groups_resources_by_kind_newest_first(database: Database) -> None:
    with database.write() as session:
        drafted(session)
    with database.read() as session:
        issue = again(session)
        assert keys(issue) == ["opening", "explainer", "7", "8", "report", "4", "closing"]
        assert [p.position for p in issue.passages] == list(range(7))
        assert issue.covers_until == NOW
        seven = issue.passages[2]
        assert [w.language for w in seven.wordings] == ["en", "es", "vi"]
        assert seven.wordings[1].fields == {
            "title": "Prioridades",
            "link": "https://example.org/7/es/",
            "body": "About Prioridades.",
        }
        assert [cell_state(seven, language) for language in issue.languages] == [CellState.DRAFT] * 3


def test_opening_sections_and_closing_are_worded_in_every_language(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        opening, section, closing = issue.passages[0], issue.passages[1], issue.passages[-1]
        assert [opening.wording(tag).fields["title"] for tag in ("en", "es")] == [  # type: ignore[union-attr]
            "November 2021",
            "Noviembre de 2021",
        ]
        for passage in (opening, section, closing):
            assert [cell_state(passage, language) for language in issue.languages] == [CellState.DRAFT] * 3


@pytest.mark.parametrize("language", ["es", "vi", "ar"])
def test_every_word_of_a_new_draft_is_in_the_catalogues(language: str) -> None:
    file = CATALOGUES / language / "LC_MESSAGES" / "newsletter.po"
    with file.open("rb") as lines:
        catalogue = read_po(lines)
    assert [word for word in (*SECTION_TITLES.values(), CLOSING_TITLE) if not catalogue[word].string] == []


def test_a_kind_without_a_word_is_titled_in_english_alone(database: Database) -> None:
    with database.write() as session:
        resource(session, 1, "opening", {"en": "A kind like no other"})
        resource(session, 2, "2021", {"en": "A kind like a number"})
        issue = november(session)
        assert keys(issue) == ["opening", "kind-2021", "2", "opening-2", "1", "closing"]
        assert cell_state(issue.passages[3], "es") is CellState.MISSING


def test_resources_that_cannot_stand_are_left_out(database: Database) -> None:
    with database.write() as session:
        shelf(session)
        resource(session, 1, "report", {None: "No language"})
        resource(session, 2, "report", {"en": ""})
        resource(session, 3, "report", {"tl": "Not one of ours"})
        resource(session, 5, "report", {"en": "Dismissed"}).dismissed_at = NOW
        resource(session, 6, "report", {"en": "Too old"}, days_ago=36)
        resource(session, 9, "report", {"en": "Not yet"}, days_ago=-1)
        issue = november(session)
        assert keys(issue) == ["opening", "explainer", "7", "8", "report", "4", "closing"]
        assert [offered.id for offered in on_offer(session, issue)] == [9, 6]


def test_a_text_for_one_region_serves_its_language(database: Database) -> None:
    with database.write() as session:
        resource(session, 1, "report", {"en-us": "For one country", "es-mx": "Para un país", "es": "Para todos"})
        one = november(session).passages[2]
        assert [w.fields["title"] for w in one.wordings] == ["For one country", "Para todos"]


def test_a_draft_places_only_so_many_and_offers_the_rest(database: Database) -> None:
    with database.write() as session:
        for number in range(1, MOST_PLACED + 4):
            resource(session, number, "report", {"en": f"Report {number}"}, days_ago=number)
        issue = november(session)
        assert keys(issue)[2:-1] == [str(number) for number in range(1, MOST_PLACED + 1)]
        assert [offered.id for offered in on_offer(session, issue)] == [21, 22, 23]


def test_the_first_window_ends_with_its_month(database: Database) -> None:
    with database.write() as session:
        resource(session, 1, "report", {"en": "In November"})
        resource(session, 2, "report", {"en": "In December"}, days_ago=-11)
        issue = november(session, now=datetime(2026, 1, 1, tzinfo=UTC))
        assert keys(issue)[2:-1] == ["1"]
        assert issue.covers_until == datetime(2021, 12, 1, tzinfo=UTC)


def test_the_next_draft_begins_where_the_last_ended(database: Database) -> None:
    with database.write() as session:
        drafted(session)
        resource(session, 9, "video", {"en": "New"}, days_ago=-1)
        assert keys(december(session)) == ["opening", "video", "9", "closing"]


def test_nothing_new_is_said_unless_an_empty_draft_is_meant(database: Database) -> None:
    with database.write() as session:
        drafted(session)
        with pytest.raises(NotFound, match="nothing new was published from 2021-11-20 until 2021-12-20"):
            december(session)
        assert keys(december(session, empty=True)) == ["opening", "closing"]


def test_standing_passages_are_copied_to_where_they_stood(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        stand(session, issue, 1, PassageKind.HOTLINE, "hotline")
        stand(session, issue, len(issue.passages) - 1, PassageKind.NOTE, "words")
        resource(session, 9, "video", {"en": "New"}, days_ago=-1)
        copy = december(session)
        assert keys(copy) == ["opening", "hotline", "video", "9", "words", "closing"]
        hotline = copy.passages[1]
        assert hotline.every_month
        assert cell_state(hotline, "en") is CellState.APPROVED
        assert cell_state(hotline, "es") is CellState.STALE
        assert history.approved_at(session, copy, "hotline", "en", 1)


def test_a_standing_section_and_closing_are_used_again(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        for passage in issue.passages:
            passage.every_month = passage.key in ("report", "closing", "opening")
        issue.passages[-1].wordings[0].fields = {"title": "Yours"}
        issue.passages[4].wordings[0].fields = {"title": "Our reports"}
        resource(session, 9, "report", {"en": "New"}, days_ago=-1)
        copy = december(session)
        assert keys(copy) == ["opening", "report", "9", "closing"]
        assert [copy.passages[i].wordings[0].fields["title"] for i in (1, 3)] == ["Our reports", "Yours"]
        assert copy.passages[0].wordings[0].fields["title"] == "December 2021"


@ON_SQLITE
@pytest.mark.parametrize("slug", ["", "November", "../x", "a" * 65, "2021 11"])
def test_a_name_that_no_file_could_have_is_refused(database: Database, slug: str) -> None:
    with database.write() as session, pytest.raises(Unreadable, match="cannot name an issue"):
        draft(session, slug=slug, month=NOW.date(), languages=["en"], fallback=Fallback.OMIT, now=NOW)


@ON_SQLITE
@pytest.mark.parametrize("languages", [[], ["en", "EN"], ["klingon!"]])
def test_languages_must_be_tags_and_each_one_once(database: Database, languages: list[str]) -> None:
    with database.write() as session, pytest.raises(Unreadable, match="language"):
        november(session, languages=languages)


def test_a_slug_is_taken_once(database: Database) -> None:
    with database.write() as session:
        drafted(session)
        with pytest.raises(Conflict, match="there is an issue 2021-11 already"):
            november(session)


def test_a_resource_is_placed_behind_those_of_its_kind(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        resource(session, 9, "explainer", {"en": "Old but good", "es": "Viejo"}, days_ago=90)
        resource(session, 10, "video", {"en": "Of a new kind"}, days_ago=90)
        place(session, issue, 9, by="Ana", now=LATER)
        place(session, issue, 10, by="Ana", now=LATER)
    with database.read() as session:
        issue = again(session)
        assert keys(issue) == ["opening", "explainer", "7", "8", "9", "report", "4", "video", "10", "closing"]
        assert issue.revision == 3
        assert history.frame_at(session, issue, 2).order == (*keys(issue)[:-3], "closing")
        assert history.fields_at(session, issue, "9", "es", 2)["title"] == "Viejo"
        assert history.fields_at(session, issue, "9", "es", 1) == {}


def test_a_resource_is_placed_in_an_empty_issue_before_the_closing(database: Database) -> None:
    with database.write() as session:
        issue = november(session, empty=True)
        shelf(session)
        place(session, issue, 4, by="Ana", now=LATER)
        assert keys(issue) == ["opening", "report", "4", "closing"]


def test_what_cannot_be_placed_is_said(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        resource(session, 5, "report", {"en": "Dismissed"}).dismissed_at = NOW
        resource(session, 6, "report", {"tl": "Not one of ours"})
        with pytest.raises(Conflict, match="resource 7 stands in issue 2021-11 already"):
            place(session, issue, 7, by="Ana", now=LATER)
        for number, why in ((99, "there is no resource 99"), (5, "was dismissed"), (6, "has no titled text in en")):
            with pytest.raises(NotFound, match=why):
                place(session, issue, number, by="Ana", now=LATER)
        assert issue.revision == 1


def test_everything_complete_is_approved_at_once(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        count = approve(session, issue, by="Ana", now=LATER)
        states = [cell_state(p, language) for p in issue.passages for language in issue.languages]
        assert count == 17
        assert states.count(CellState.APPROVED) == 17
        assert states.count(CellState.MISSING) == 4
        assert issue.revision == 2
        assert approve(session, issue, by="Ana", now=LATER) == 0
        assert issue.revision == 2


def test_chosen_texts_are_approved_and_stale_ones_are_true_again(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        seven = issue.passages[2]
        seven.wordings[0].fields = {"title": "Changed"}
        assert cell_state(seven, "es") is CellState.STALE
        assert approve(session, issue, keys=["7"], language="es", by="Ana", now=LATER) == 1
        assert [cell_state(seven, tag) for tag in issue.languages] == [
            CellState.DRAFT,
            CellState.APPROVED,
            CellState.STALE,
        ]
        wording = seven.wording("es")
        assert wording is not None
        assert (wording.approved_by, wording.approved_at) == ("Ana", LATER)


def test_approving_names_what_it_does_not_know(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        with pytest.raises(NotFound, match="has no passage nine"):
            approve(session, issue, keys=["7", "nine"], by="Ana", now=LATER)
        with pytest.raises(NotFound, match="is not in ar; its languages are en, es, vi"):
            approve(session, issue, language="ar", by="Ana", now=LATER)


def test_the_history_of_a_text_is_kept(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        approve(session, issue, keys=["7"], by="Ana", now=LATER)
        edits = history.history(session, issue, "7", "es")
        assert [(edit.what, edit.revision, edit.by) for edit in edits] == [
            ("text", 1, "the draft"),
            ("approval", 2, "Ana"),
        ]
        assert edits[1].at - edits[0].at == timedelta(hours=2)
