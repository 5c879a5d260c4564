"""An issue goes out as one text file and comes in again: edited, reordered, approved, added to."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from issues.exchange import Applied, apply, export
from issues.exchange.reading import read
from issues.fields import FIELDS
from issues.matrix import CellState
from issues.models import Edit, Fallback, Issue, Passage, PassageKind, Wording
from issues.texts import tidy
from newsletter.db import Database
from tests.issues.drafted import LATER, NOW, again, drafted, keys, resource
from tests.issues.exchanging import applied, put, said, state, swapped, without

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # where SQL does not matter
NOTE = "# note thanks · every month\n\n## en · approved\n\ntitle: Thanks\n\nTo all of you.\n\n"


@ON_SQLITE
def test_the_file_reads_like_this(database: Database) -> None:
    with database.write() as session:
        file = export(drafted(session))
        assert file.startswith(
            "---\nissue: 2021-11\nrevision: 1\nlanguages: en, es, vi\nmissing: label\n---\n\n# opening\n"
        )
        assert (
            "# resource 4\n\n## en · draft\n\ntitle: A second chance\nlink: https://example.org/4/en/\n\n"
            "About A second chance.\n\n"
            "## es · missing\n\ntitle:\nlink:\n\n## vi · missing\n\ntitle:\nlink:\n\n# closing\n"
        ) in file
        assert file.endswith("\n\n# end\n")


def test_what_comes_back_unchanged_changes_nothing(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        before = len(session.scalars(select(Edit)).all())
        assert put(session, issue, export(issue)) == Applied()
        assert issue.revision == 1
        assert len(session.scalars(select(Edit)).all()) == before


@pytest.mark.parametrize(
    "spoil",
    [
        lambda file: "\ufeff" + file,
        lambda file: file.replace("\n", "\r\n"),
        lambda file: file.replace("\n", "\r"),
        lambda file: file.replace("\n", " \n"),
        lambda file: file.replace("\n\n", "\n\n\n"),
        lambda file: "\n\n" + file + "\n \n",
        lambda file: file.replace("A second chance", "A \u202esecond\x00 chance\u2069\x1b"),
        lambda file: unicodedata.normalize("NFD", file),
        lambda file: file.replace("title: ", "title:   "),
        lambda file: file.replace("## es · draft", "## ES"),
    ],
)
@ON_SQLITE
def test_what_editors_do_to_a_file_is_no_change(database: Database, spoil: object) -> None:
    with database.write() as session:
        issue = drafted(session)
        assert put(session, issue, spoil(export(issue))) == Applied()  # type: ignore[operator] # one of the lambdas


def test_a_text_is_changed_written_and_removed(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        result = applied(
            session,
            issue,
            ("About Prioridades.", "Sobre las prioridades.\n\n\\# no heading"),
            ("## es · missing\n\ntitle:\nlink:\n", "## es\n\ntitle: Otra\nlink:\n\nCuerpo\n"),
            ("title: Ưu tiên\nlink: https://example.org/7/vi/\n\nAbout Ưu tiên.", "title:\nlink:"),
        )
        assert result.changes == ["es of resource 7: changed", "vi of resource 7: removed", "es of resource 8: written"]
        assert not result.refused
    with database.read() as session:
        issue = again(session)
        assert issue.revision == 2
        assert said(issue, "7", "es")["body"] == "Sobre las prioridades.\n\n# no heading"
        assert said(issue, "7", "vi") == {}
        assert said(issue, "8", "es") == {"title": "Otra", "body": "Cuerpo"}
        assert state(issue, "8", "es") is CellState.DRAFT
        edits = session.scalars(select(Edit).where(Edit.revision == 2)).all()
        assert {(edit.what, edit.by, edit.at) for edit in edits} == {("text", "Ana", LATER)}


def test_a_changed_source_turns_its_translations_stale_and_says_so(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        result = applied(session, issue, ("title: Priorities", "title: The priorities"))
        assert result.changes == ["en of resource 7: changed"]
        assert result.notes == ["stale now, since the source text changed: es, vi of resource 7"]
        assert "## es · stale\n\ntitle: Prioridades" in export(issue)


@ON_SQLITE
def test_a_translation_changed_with_its_source_is_made_from_the_new_one(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        applied(session, issue, ("title: Priorities", "title: The priorities"), ("title: Prio", "title: Las prio"))
        assert (state(issue, "7", "es"), state(issue, "7", "vi")) == (CellState.DRAFT, CellState.STALE)


def test_a_small_edit_leaves_true_translations_true_and_stale_ones_stale(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        applied(session, issue, ("title: Priorities", "title: The priorities"), ("title: Prio", "title: Las prio"))
        applied(session, issue, ("title: The priorities", "title: The Priorities"), by="Lan", small=True)
        assert (state(issue, "7", "es"), state(issue, "7", "vi")) == (CellState.DRAFT, CellState.STALE)
        edit = session.scalars(select(Edit).where(Edit.revision == 3)).one()
        assert (edit.what, edit.by, edit.language) == ("small-edit", "Lan", "en")


def test_a_heading_approves_and_takes_back(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        result = applied(
            session, issue, ("## en · draft\n\ntitle: Priorities", "## en · approved\n\ntitle: Priorities")
        )
        assert result.changes == ["en of resource 7: approved"]
        assert state(issue, "7", "en") is CellState.APPROVED
        result = applied(session, issue, ("## en · approved", "## en · draft"), by="Lan")
        assert result.changes == ["en of resource 7: a draft again"]
        assert state(issue, "7", "en") is CellState.DRAFT


@ON_SQLITE
def test_an_incomplete_text_is_not_approved(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        result = applied(session, issue, ("## es · missing", "## es · approved"))
        assert result == Applied(
            refused=["not approved: es of resource 8 has no title; write it and apply the file again"]
        )
        assert issue.revision == 1


@ON_SQLITE
def test_an_approved_text_that_changes_is_a_draft_again(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        applied(session, issue, ("## en · draft\n\ntitle: Priorities", "## en · approved\n\ntitle: Priorities"))
        result = applied(session, issue, ("title: Priorities", "title: The priorities"))
        assert result.changes == ["en of resource 7: changed; it is a draft again"]
        assert state(issue, "7", "en") is CellState.DRAFT


@ON_SQLITE
def test_a_text_may_be_changed_and_approved_in_one_go(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        old, new = "## es · draft\n\ntitle: Prioridades", "## es · approved\n\ntitle: Las prioridades"
        assert applied(session, issue, (old, new)).changes == ["es of resource 7: changed and approved"]
        assert state(issue, "7", "es") is CellState.APPROVED


@ON_SQLITE
def test_approving_a_stale_translation_makes_it_true(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        applied(session, issue, ("title: Priorities", "title: The priorities"))
        applied(session, issue, ("## es · stale", "## es · approved"))
        assert state(issue, "7", "es") is CellState.APPROVED


@ON_SQLITE
def test_an_approval_is_not_renewed_by_a_file_that_changes_the_source(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        applied(session, issue, ("## es · draft\n\ntitle: Prio", "## es · approved\n\ntitle: Prio"))
        applied(session, issue, ("title: Priorities", "title: The priorities"))
        assert state(issue, "7", "es") is CellState.STALE


def test_a_language_that_a_passage_does_not_give_stays_and_is_said_once(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        file = without(export(issue), "## vi · draft\n\ntitle: Ưu tiên", "# resource 8")
        file = without(file, "## es · missing", "# section report")
        assert put(session, issue, file) == Applied(
            notes=["the file does not give these texts, they stay as they are: vi of resource 7"]
        )
        assert said(issue, "7", "vi")["title"] == "Ưu tiên"


def test_passages_are_removed_and_reordered(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        file = export(issue)
        eight = file[file.index("# resource 8") : file.index("# section report")]
        file = (
            without(file, "# section report", "# closing")
            .replace(eight, "")
            .replace("# resource 7", eight + "# resource 7")
        )
        result = put(session, issue, file)
        assert result.changes == ["removed section report", "removed resource 4", "the passages stand in a new order"]
        session.expire_all()
        assert keys(issue) == ["opening", "explainer", "8", "7", "closing"]
        assert len(session.scalars(select(Passage)).all()) == 5


def test_blocks_and_sections_are_added(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        result = applied(session, issue, ("# resource 7", NOTE + "# resource 7"))
        assert result.changes == ["added note thanks", "en of note thanks: written and approved"]
        session.expire_all()
        assert keys(issue)[:4] == ["opening", "explainer", "thanks", "7"]
        assert issue.passages[2].every_month
        assert state(issue, "thanks", "en") is CellState.APPROVED


def test_a_resource_brings_its_own_texts_where_the_file_gives_none(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        resource(session, 9, "video", {"en": "How", "es": "Cómo", "vi": "Thế nào"}, days_ago=99)
        result = applied(session, issue, ("# closing", "# resource 9\n\n## es · draft\n\ntitle: Así\n\n# closing"))
        assert result.changes == ["added resource 9 with its own text in en, vi", "es of resource 9: changed"]
        assert [said(issue, "9", tag)["title"] for tag in issue.languages] == ["How", "Así", "Thế nào"]
        assert state(issue, "9", "vi") is CellState.DRAFT
        assert issue.passages[-2].resource_id == 9


def test_languages_fallback_and_standing_are_the_headers_and_headings_to_say(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        result = applied(
            session,
            issue,
            ("languages: en, es, vi", "languages: en, vi, es, ar"),
            ("missing: label", "missing: omit"),
            ("# closing\n", "# closing · every month\n"),
        )
        assert result.changes == [
            "the languages are now en, vi, es, ar",
            "where a text is missing, readers now get: omit",
            "the closing now stands in every month's draft",
        ]
        session.expire_all()
        assert (issue.languages, issue.fallback) == (["en", "vi", "es", "ar"], Fallback.OMIT)
        assert applied(session, issue, ("# closing · every month", "# closing")).changes == [
            "the closing no longer stands every month"
        ]


TEXTS = st.text(st.characters(exclude_categories=()), max_size=60) | st.lists(
    st.sampled_from(
        ["# end", "## es · draft", "---", "\\# x", "\\\\#", "title: x", "", " ", "  x  ", "é", "[[name]]", "\u2028"]
    ),
    max_size=6,
).map("\n".join)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_any_text_comes_back_as_it_went_out(data: st.DataObject) -> None:
    issue = Issue(slug="x", languages=["en", "es"], fallback=Fallback.LABEL, revision=1)
    for kind in PassageKind:
        key = kind.value if kind is not PassageKind.RESOURCE else "7"
        passage = Passage(kind=kind, key=key, every_month=False)
        for language in issue.languages:
            fields = {name: data.draw(TEXTS) for name in FIELDS[kind].all}
            passage.wordings.append(Wording(language=language, fields=fields, revision=1))
        issue.passages.append(passage)
    document = read(export(issue))
    assert list(document.blocks) == keys(issue)
    for passage in issue.passages:
        for wording in passage.wordings:
            cell = document.blocks[passage.key].cells[wording.language]
            assert cell.fields == tidy(passage.kind, wording.fields)
            assert tidy(passage.kind, cell.fields) == cell.fields


@ON_SQLITE
def test_any_text_in_the_database_comes_back_without_a_change(database: Database) -> None:
    odd = "  two\u2028 lines \u202e\n# end\n\\# x\n\ntitle: y\n- a  \n- b  \n\n  "
    with database.write() as session:
        issue = drafted(session)
        for passage in issue.passages:
            for wording in passage.wordings:
                wording.fields = dict.fromkeys(FIELDS[passage.kind].all, odd)
        assert put(session, issue, export(issue)) == Applied()


def test_an_issue_without_history_can_be_edited_too(database: Database) -> None:
    with database.write() as session:
        issue = _bare(session)
        result = applied(session, issue, ("title: Hallo", "title: Hello"), ("## en · approved", "## en · approved"))
        assert result.changes == ["en of the opening: changed; it is a draft again"]


def _bare(session: Session) -> Issue:
    wording = Wording(language="en", fields={"subject": "S", "title": "Hallo"}, revision=1, approved_at=NOW)
    passage = Passage(kind=PassageKind.OPENING, key="opening", position=0, wordings=[wording])
    issue = Issue(slug="bare", month=NOW.date(), languages=["en"], covers_until=NOW, created_at=NOW, passages=[passage])
    session.add(issue)
    session.flush()
    assert apply(session, issue, swapped(export(issue)), by="Ana", now=NOW) == Applied()
    return issue
