"""Texts and their order are changed at the desk: two people lose nothing, and everything can be undone."""

from datetime import datetime, timedelta
from typing import TypedDict

import pytest
from sqlalchemy.orm import Session

from issues import arranging, composing, editing, history
from issues.changes import marks, paragraphs
from issues.editing import Seen, TextConflict
from issues.errors import Conflict, NotFound, Unreadable
from issues.matrix import CellState, cell_state, fields_digest, source_digest
from issues.models import Issue, PassageKind
from newsletter.db import Database
from tests.issues.drafted import LATER, drafted, keys


class By(TypedDict):
    """Who does something, and when."""

    by: str
    now: datetime


ANA = By(by="Ana", now=LATER)
LUCIA = By(by="Lucía", now=LATER + timedelta(hours=1))


def seen(issue: Issue, key: str, language: str) -> Seen:
    cell = editing.find(issue, key, language)
    return Seen(cell.revision, source_digest(cell.passage))


def write(session: Session, issue: Issue, key: str, language: str, **fields: str) -> None:
    editing.save(session, issue, key, language, fields, seen=seen(issue, key, language), **ANA)


def test_two_authors_of_one_text_lose_no_word(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        both = seen(issue, "7", "es")
        editing.save(session, issue, "7", "es", {"title": "De Ana"}, seen=both, **ANA)
        with pytest.raises(TextConflict) as conflict:
            editing.save(session, issue, "7", "es", {"title": "De Lucía"}, seen=both, **LUCIA)
        assert (conflict.value.theirs, conflict.value.by) == ({"title": "De Ana"}, "Ana")
        again = Seen(conflict.value.revision, both.source)
        editing.save(session, issue, "7", "es", {"title": "De las dos"}, seen=again, **LUCIA)
        said = [edit.fields["title"] for edit in history.history(session, issue, "7", "es")]
        assert said == ["Prioridades", "De Ana", "De las dos"]


def test_an_answer_that_got_lost_is_no_conflict_with_oneself(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        base = seen(issue, "7", "es")
        editing.save(session, issue, "7", "es", {"title": "Pri"}, seen=base, **ANA)
        later = Seen(base.revision, base.source, {"title": "Pri "})
        editing.save(session, issue, "7", "es", {"title": "Priori"}, seen=later, **ANA)
        assert editing.find(issue, "7", "es").fields == {"title": "Priori"}


def test_saving_what_is_there_changes_nothing_even_with_an_old_page(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        revision = issue.revision
        fields = editing.find(issue, "7", "es").fields
        editing.save(session, issue, "7", "es", fields, seen=Seen(0), **ANA)
        assert issue.revision == revision


def test_a_stale_text_stays_stale_until_somebody_says_that_it_is_true(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        composing.approve(session, issue, **ANA)
        before = editing.find(issue, "7", "en").fields
        write(session, issue, "7", "en", **before | {"title": "Priorities now"})
        write(session, issue, "7", "es", title="Prioridades de hoy")
        cell = editing.find(issue, "7", "es")
        assert cell.state is CellState.STALE
        assert editing.source_then(session, cell) == before
        editing.confirm(session, issue, "7", "es", seen=seen(issue, "7", "es"), **LUCIA)
        assert editing.find(issue, "7", "es").state is CellState.DRAFT
        assert history.history(session, issue, "7", "es")[-1].by == "Lucía"


def test_approving_asks_to_look_again_where_the_source_changed_meanwhile(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        before = seen(issue, "7", "es")
        write(session, issue, "7", "en", title="Otherwise")
        with pytest.raises(Conflict, match="look at both"):
            editing.approve(session, issue, "7", "es", seen=before, **LUCIA)
        editing.approve(session, issue, "7", "es", seen=seen(issue, "7", "es"), **LUCIA)
        assert cell_state(editing.find(issue, "7", "es").passage, "es") is CellState.APPROVED


def test_a_small_edit_keeps_translations_true_even_when_said_after_the_typing(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        composing.approve(session, issue, **ANA)
        opened = seen(issue, "7", "en")
        editing.save(session, issue, "7", "en", {"title": "Prioritiess"}, seen=opened, **ANA)
        assert editing.find(issue, "7", "es").state is CellState.STALE
        now_seen = Seen(editing.find(issue, "7", "en").revision, opened.source)
        editing.save(session, issue, "7", "en", {"title": "Prioritiess"}, seen=now_seen, small_edit=True, **ANA)
        assert editing.find(issue, "7", "es").state is CellState.APPROVED
        assert history.history(session, issue, "7", "en")[-1].what == history.SMALL_EDIT


def test_an_approval_is_taken_back_to_what_it_was(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        old = source_digest(editing.find(issue, "7", "es").passage)
        write(session, issue, "7", "en", title="Otherwise")
        editing.approve(session, issue, "7", "es", seen=seen(issue, "7", "es"), **ANA)
        editing.withdraw(session, issue, "7", "es", made_from=old, **ANA)
        assert editing.find(issue, "7", "es").state is CellState.STALE


def test_an_earlier_wording_comes_back_and_the_later_one_stays_known(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        write(session, issue, "7", "en", title="Worse")
        first = history.history(session, issue, "7", "en")[0]
        editing.restore(session, issue, "7", "en", first.id, **LUCIA)
        assert editing.find(issue, "7", "en").fields["title"] == "Priorities"
        assert [edit.fields["title"] for edit in editing.sittings(session, issue, "7", "en")][1] == "Worse"


def test_the_saves_of_one_sitting_are_one_entry(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        for seconds, title in enumerate(("A", "Ab", "Abc")):
            now = LATER + timedelta(seconds=seconds)
            editing.save(session, issue, "4", "es", {"title": title}, seen=seen(issue, "4", "es"), by="Ana", now=now)
        assert [edit.fields for edit in editing.sittings(session, issue, "4", "es")] == [{"title": "Abc"}]


def test_a_text_longer_than_a_mail_is_refused(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        with pytest.raises(Unreadable, match="40000"):
            write(session, issue, "opening", "en", subject="S", title="T", body="x" * 40_001)


def test_passages_move_within_opening_and_closing_and_back(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        order = keys(issue)
        assert order == ["opening", "explainer", "7", "8", "report", "4", "closing"]
        assert arranging.step(issue, "7", up=False) == "report"
        stood = arranging.move(session, issue, "7", "report", **ANA)
        assert keys(issue)[2:4] == ["8", "7"]
        arranging.move(session, issue, "7", stood, **ANA)
        assert keys(issue) == order
        arranging.move(session, issue, "8", "opening", **ANA)
        assert keys(issue)[:2] == ["opening", "8"]
        with pytest.raises(Conflict):
            arranging.move(session, issue, "closing", "opening", **ANA)


def test_a_section_takes_along_what_stands_under_it(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        before = arranging.step(issue, "explainer", up=False)
        assert before == "closing"
        arranging.move(session, issue, "explainer", before, **ANA)
        assert keys(issue) == ["opening", "report", "4", "explainer", "7", "8", "closing"]
        up = arranging.step(issue, "explainer", up=True)
        assert up == "report"
        assert arranging.step(issue, "report", up=True) is None
        assert arranging.step(issue, "explainer", up=False) is None


def test_what_is_removed_comes_back_with_its_texts_its_place_and_their_states(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        composing.approve(session, issue, **ANA)
        write(session, issue, "7", "en", title="Otherwise")
        order, states = keys(issue), _states(issue)
        assert states["7", "es"] is CellState.STALE
        arranging.remove(session, issue, "7", **LUCIA)
        assert "7" not in keys(issue)
        assert list(arranging.removals(session, issue)) == ["7"]
        arranging.restore(session, issue, "7", **LUCIA)
        assert (keys(issue), _states(issue)) == (order, states)
        assert editing.find(issue, "7", "en").fields == {"title": "Otherwise"}
        with pytest.raises(NotFound):
            arranging.restore(session, issue, "7", **LUCIA)


def test_a_new_passage_never_takes_the_key_of_a_removed_one(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        first = arranging.add(session, issue, PassageKind.NOTE, "7", **ANA)
        assert keys(issue)[3] == first.key == "note-1"
        arranging.remove(session, issue, first.key, **ANA)
        assert arranging.add(session, issue, PassageKind.NOTE, "closing", **ANA).key == "note-2"
        assert keys(issue)[-2:] == ["note-2", "closing"]


def test_changed_words_are_marked_in_their_paragraphs() -> None:
    old, new = "One.\n\nIf you have ten minutes.", "One.\n\nIf you have five minutes.\n\nAnd more."
    rows = paragraphs(marks(old, new))
    assert len(rows) == 3
    assert [mark for mark in rows[1] if mark.what != "same"] == [("gone", "ten"), ("new", "five")]
    assert "".join(mark.text for mark in marks(old, new) if mark.what != "gone") == new
    assert fields_digest({"body": new}) != fields_digest({"body": old})


def _states(issue: Issue) -> dict[tuple[str, str], CellState]:
    return {(p.key, tag): cell_state(p, tag) for p in issue.passages for tag in issue.languages}
