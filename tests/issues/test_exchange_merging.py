"""Two people edit the same issue in their own files: nothing that either wrote is lost unsaid."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy.orm import Session

from issues.composing import approve, place
from issues.exchange import Applied, export
from issues.matrix import CellState
from issues.models import Issue
from newsletter.db import Database
from tests.issues.drafted import LATER, again, drafted, keys, resource
from tests.issues.exchanging import put, said, state, swapped, without

SPANISH = ("title: Prioridades", "title: Las prioridades")
VIETNAMESE = ("title: Ưu tiên", "title: Những ưu tiên")
ENGLISH = ("title: Priorities", "title: The priorities")
NOTE = ("# resource 4", "# note thanks\n\n## en · draft\n\ntitle:\n\nThanks\n\n# resource 4")
BY_ANA = "by Ana on 2021-11-20; yours is still in your file"


def both(session: Session, ana: tuple[str, str], lan: tuple[str, str]) -> tuple[Issue, Applied]:
    """The issue after Ana's and then Lan's file, made from the same export; and what became of Lan's."""
    issue = drafted(session)
    file = export(issue)
    assert not put(session, issue, swapped(file, ana), by="Ana").refused
    return issue, put(session, issue, swapped(file, lan), by="Lan")


@pytest.mark.parametrize(("first", "second"), [(SPANISH, VIETNAMESE), (VIETNAMESE, SPANISH)])
def test_different_texts_are_both_taken(database: Database, first: tuple[str, str], second: tuple[str, str]) -> None:
    with database.write() as session:
        issue, result = both(session, first, second)
        assert len(result.changes) == 1
        assert not result.refused
        assert (said(issue, "7", "es")["title"], said(issue, "7", "vi")["title"]) == (
            "Las prioridades",
            "Những ưu tiên",
        )
        assert issue.revision == 3


@pytest.mark.parametrize(("first", "second"), [("A", "B"), ("B", "A")])
def test_of_two_versions_of_one_text_the_later_is_refused_and_said(database: Database, first: str, second: str) -> None:
    with database.write() as session:
        issue, result = both(session, (SPANISH[0], f"title: {first}"), (SPANISH[0], f"title: {second}"))
        assert result == Applied(refused=[f"kept: es of resource 7 was changed {BY_ANA}"])
        assert said(issue, "7", "es")["title"] == first
        assert issue.revision == 2


def test_the_same_change_by_two_is_one(database: Database) -> None:
    with database.write() as session:
        assert both(session, SPANISH, SPANISH)[1] == Applied()


def test_what_is_refused_leaves_the_rest_of_the_file(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        file = export(issue)
        put(session, issue, swapped(file, SPANISH), by="Ana")
        result = put(session, issue, swapped(file, ("title: Prioridades", "title: Mías"), VIETNAMESE, NOTE), by="Lan")
        assert result.changes == ["added note thanks", "vi of resource 7: changed", "en of note thanks: written"]
        assert result.refused == [f"kept: es of resource 7 was changed {BY_ANA}"]


@pytest.mark.parametrize(("first", "second"), [(ENGLISH, SPANISH), (SPANISH, ENGLISH)])
def test_a_translation_of_a_source_that_somebody_changed_is_stale(
    database: Database, first: tuple[str, str], second: tuple[str, str]
) -> None:
    with database.write() as session:
        issue, result = both(session, first, second)
        assert len(result.changes) == 1
        assert state(issue, "7", "es") is CellState.STALE


def test_a_translation_made_from_a_refused_source_is_stale(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        file = export(issue)
        put(session, issue, swapped(file, ENGLISH), by="Ana")
        put(session, issue, swapped(file, ("title: Priorities", "title: Other"), SPANISH), by="Lan")
        assert state(issue, "7", "es") is CellState.STALE


def test_approving_against_a_source_that_has_changed_is_refused(database: Database) -> None:
    with database.write() as session:
        to_approve = ("## es · draft\n\ntitle: Prio", "## es · approved\n\ntitle: Prio")
        _, result = both(session, ENGLISH, to_approve)
        assert result == Applied(
            refused=[
                "not approved: es of resource 7, since its en text was changed "
                "by Ana on 2021-11-20; export the issue again"
            ]
        )


def test_approving_a_text_that_has_changed_is_refused(database: Database) -> None:
    with database.write() as session:
        issue, result = both(session, SPANISH, ("## es · draft\n\ntitle: Prio", "## es · approved\n\ntitle: Prio"))
        assert result.refused == [
            "not approved: es of resource 7 was changed by Ana on 2021-11-20; export the issue again to see it"
        ]
        assert state(issue, "7", "es") is CellState.DRAFT


def test_an_old_file_takes_no_approval_back_and_gives_none_again(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        draft = export(issue)
        approve(session, issue, by="Ana", now=LATER)
        approved = export(issue)
        assert put(session, issue, draft, by="Lan") == Applied()
        assert state(issue, "7", "es") is CellState.APPROVED
        put(session, issue, swapped(approved, ("## es · approved\n\ntitle: Prio", "## es · draft\n\ntitle: Prio")))
        put(session, issue, swapped(export(issue), ENGLISH))
        assert put(session, issue, approved, by="Lan") == Applied()
        assert (state(issue, "7", "es"), state(issue, "7", "vi")) == (CellState.STALE, CellState.STALE)


def test_a_text_may_be_edited_although_the_order_changed(database: Database) -> None:
    with database.write() as session:
        issue, result = both(session, NOTE, SPANISH)
        assert result == Applied(changes=["es of resource 7: changed"])
        assert "thanks" in keys(issue)


def test_two_orders_are_not_mixed(database: Database) -> None:
    with database.write() as session:
        note = ("# resource 4", "# note mine\n\n## en · draft\n\ntitle:\n\nMine\n\n# resource 4")
        issue, result = both(session, NOTE, note)
        assert result.changes == []
        assert result.refused == [
            f"kept: the choice and order of passages was changed {BY_ANA}",
            "not taken: en of note mine, the issue has not that passage; yours is still in your file",
        ]
        assert "mine" not in keys(issue)


def test_a_passage_that_was_placed_meanwhile_stays(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        resource(session, 9, "video", {"en": "New"}, days_ago=99)
        file = export(issue)
        place(session, issue, 9, by="Ana", now=LATER)
        assert put(session, issue, file, by="Lan") == Applied()
        assert "9" in keys(issue)
        assert put(session, issue, without(file, "# resource 8", "# section report"), by="Lan").refused == [
            f"kept: the choice and order of passages was changed {BY_ANA}"
        ]


def test_a_passage_that_somebody_wrote_in_is_not_removed(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        file = export(issue)
        put(session, issue, swapped(file, SPANISH), by="Ana")
        result = put(session, issue, without(file, "# resource 7", "# resource 8"), by="Lan")
        assert result == Applied(
            refused=[
                "kept: resource 7, which your file leaves out, was changed by Ana on 2021-11-20; "
                "the passages stay as they are, export the issue again to remove it"
            ]
        )
        assert "7" in keys(issue)


def test_texts_of_a_passage_that_somebody_removed_are_not_lost_unsaid(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        file = export(issue)
        put(session, issue, without(file, "# resource 7", "# resource 8"), by="Ana")
        assert put(session, issue, file, by="Lan") == Applied()
        assert put(session, issue, swapped(file, SPANISH), by="Lan").refused == [
            "not taken: es of resource 7, the issue has not that passage; yours is still in your file"
        ]


def test_a_removed_passage_can_be_put_back(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        file = export(issue)
        put(session, issue, without(file, "# resource 7", "# resource 8"))
        back = file[file.index("# resource 7") : file.index("# resource 8")]
        put(session, issue, swapped(export(issue), ("# resource 8", back + "# resource 8")))
        assert said(issue, "7", "es")["title"] == "Prioridades"
        assert state(issue, "7", "es") is CellState.DRAFT


def test_a_language_that_was_added_meanwhile_stays(database: Database) -> None:
    with database.write() as session:
        issue, result = both(session, ("languages: en, es, vi", "languages: en, es, vi, ar"), SPANISH)
        assert result == Applied(changes=["es of resource 7: changed"])
        assert issue.languages == ["en", "es", "vi", "ar"]


def test_a_second_session_sees_what_the_first_wrote(database: Database) -> None:
    with database.write() as session:
        drafted(session)
    with database.write() as session:
        issue = again(session)
        file = export(issue)
        put(session, issue, swapped(file, SPANISH), by="Ana")
    with database.write() as session:
        issue = again(session)
        assert put(session, issue, swapped(file, ("title: Prioridades", "title: Mías")), by="Lan").refused


def test_two_files_applied_at_the_same_moment_are_both_taken(database: Database) -> None:
    with database.write() as session:
        file = export(drafted(session))
    start = Barrier(2)

    def one(change: tuple[str, str]) -> Applied:
        with database.write() as session:
            issue = again(session)
            if database.engine.dialect.name == "postgresql":  # SQLite lets one writer in at a time
                start.wait(timeout=10)
            return put(session, issue, swapped(file, change))

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(one, (SPANISH, VIETNAMESE)))
    assert [len(result.changes) for result in results] == [1, 1]
    with database.read() as session:
        issue = again(session)
        assert issue.revision == 3
        assert (said(issue, "7", "es")["title"], said(issue, "7", "vi")["title"]) == (
            "Las prioridades",
            "Những ưu tiên",
        )
