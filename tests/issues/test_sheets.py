"""A translator's sheet: out as CSV or workbook, back from any spreadsheet program, and nobody's word is lost."""

import io
import re
import zipfile
from collections.abc import Callable
from itertools import product
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet
from sqlalchemy.orm import Session

from issues import composing
from issues.errors import IssueError, Unreadable
from issues.exchange import Applied, apply, export, opened, sheet, take_in, to_csv, to_xlsx
from issues.exchange.sheets import Head, Sheet, guarded, typed, unguarded
from issues.matrix import CellState
from issues.models import Issue
from newsletter.db import Database
from tests.issues.drafted import LATER, drafted, november, resource, shelf
from tests.issues.exchanging import applied, said, state, swapped

SPANISH = ("Prioridades", "Las prioridades")
RUNS = (
    ("title: Prioridades", "title: =HYPERLINK(A1)"),
    ("title: Guías explicativas", "title: +1 800"),
    ("title: Informes", "title: @SUM(1)"),
    ("title: Hasta el próximo mes", "title: '=1"),
    ("\n\nAbout Prioridades.", "\n\n- uno\n- dos"),
)


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """Only a file: the merge's SQL is tried on both databases with the issue file."""
    return f"sqlite:///{tmp_path / 'newsletter.db'}"


def csv_of(issue: Issue, *pairs: tuple[str, str]) -> bytes:
    """The Spanish sheet as CSV, with some texts replaced."""
    return swapped(to_csv(sheet(issue, "es")).decode("utf-8-sig"), *pairs).encode()


def book_of(issue: Issue, change: Callable[[Worksheet], object]) -> bytes:
    """The Spanish sheet as a workbook that somebody changed and saved."""
    book = openpyxl.load_workbook(io.BytesIO(to_xlsx(sheet(issue, "es"))))
    change(book.worksheets[0])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def put(session: Session, issue: Issue, data: bytes, by: str = "Lan") -> Applied:
    return take_in(session, issue, opened(data), by=by, now=LATER)


def test_no_cell_runs_and_each_is_read_as_it_was() -> None:
    """Nor does any part of one, where semicolons and line ends part cells."""
    for signs in product("'=+-@＝a;\n", repeat=4):
        text = "".join(signs)
        assert not any(cell[:1] in {*"=+-@＝"} for cell in re.split("[;\n]", guarded(text)))
        assert unguarded(guarded(text)) == unguarded(typed(text)) == text


@pytest.mark.parametrize("to_bytes", [to_csv, to_xlsx])
def test_what_comes_back_as_it_went_changes_nothing(database: Database, to_bytes: Callable[..., bytes]) -> None:
    with database.write() as session:
        issue = drafted(session)
        applied(session, issue, *RUNS)
        composing.approve(session, issue, by="Ana", now=LATER)
        before, data = export(issue), to_bytes(sheet(issue, "es"))
        assert opened(data).slug == "2021-11"
        assert put(session, issue, data) == Applied()
        assert export(issue) == before
        assert state(issue, "7", "es") is CellState.APPROVED


def test_what_a_translator_wrote_is_a_draft(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        composing.approve(session, issue, by="Ana", now=LATER)
        data = csv_of(issue, SPANISH, ('"The bill",""', '"The bill","La ley"'))
        assert put(session, issue, data).changes == [
            "es of resource 7: changed; it is a draft again",
            "es of resource 8: written",
        ]
        assert (state(issue, "7", "es"), state(issue, "8", "es")) == (CellState.DRAFT, CellState.DRAFT)
        assert said(issue, "7", "es")["body"] == "About Prioridades."


def test_of_a_text_that_two_changed_the_first_stays_and_the_second_is_told(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        data = csv_of(issue, SPANISH, ('"The bill",""', '"The bill","La ley"'))
        applied(session, issue, ("title: Prioridades", "title: Mías"))
        told = put(session, issue, data)
        assert told.refused == ["kept: es of resource 7 was changed by Ana on 2021-11-20; yours is still in your file"]
        assert told.changes == ["es of resource 8: written"]


def test_a_translation_of_a_source_that_changed_meanwhile_is_stale(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        data = csv_of(issue, SPANISH)
        applied(session, issue, ("title: Priorities", "title: The priorities"))
        put(session, issue, data)
        assert state(issue, "7", "es") is CellState.STALE


def test_a_cell_left_empty_and_a_source_written_over_change_nothing_and_are_said(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        before = export(issue)
        told = put(session, issue, csv_of(issue, ('"Prioridades"', '""'), ('"A second chance"', '"Mine"')))
        assert export(issue) == before
        assert [note.split(":")[1] for note in told.notes] == [" title of resource 7", " title of resource 4"]


def test_rows_may_be_sorted_and_left_out_and_what_is_unknown_is_named(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        first, *rest = csv_of(issue, SPANISH).decode().split("\r\n")[:-1]
        kept = [row for row in rest[::-1] if "resource 4" not in row]
        added = ['"resource 99 · title","","Nada"', '"resourse 8 · title","","Nada"', '"","","Suelto"', '"n","",""']
        told = put(session, issue, "\r\n".join([*kept, first, *added]).encode())
        assert told.changes == ["es of resource 7: changed"]
        assert told.notes == [
            "the sheet has no row for these, they stay as they are: "
            "title of resource 4, link of resource 4, body of resource 4"
        ]
        assert [sentence[:44] for sentence in told.refused] == [
            "not taken: row 14 begins with “resourse 8 · ",
            "not taken: row 15 begins with an empty cell,",
            "not taken: es of resource 99, the issue has ",
        ]


def test_a_text_given_twice_in_different_words_is_taken_from_neither(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        data = csv_of(issue, SPANISH) + '"Resource 7 ·  title","","Otra"\r\n'.encode()
        assert put(session, issue, data) == Applied(
            refused=["not taken: rows 5 and 16 give the title of resource 7 in different words; keep one"]
        )


@pytest.mark.parametrize(("sign", "encoding"), [(";", "utf-8-sig"), ("\t", "utf-16"), (";", "utf-8")])
def test_other_programs_part_columns_and_write_letters_in_their_own_way(
    database: Database, sign: str, encoding: str
) -> None:
    with database.write() as session:
        issue = drafted(session)
        text = csv_of(issue, ("Prioridades", "Más; “así”, y\tñ")).decode().replace('","', f'"{sign}"')
        assert put(session, issue, text.encode(encoding)).changes == ["es of resource 7: changed"]
        assert said(issue, "7", "es")["title"] == "Más; “así”, y ñ"


@pytest.mark.parametrize(
    ("pair", "encoding", "sentence"),
    [
        (SPANISH, "cp1252", "it is not in UTF-8 .* letters may be lost"),
        (("Prioridades", "Uu tien"), "cp1258", "it is not in UTF-8"),
        (('"Prioridades"', '"Prioridades'), "utf-8", "row 5: its quotation marks do not pair"),
        (("issue 2021-11", "issue 2021-10"), "utf-8", "a sheet of issue '2021-10'"),
        (("revision 1", "revision 9"), "utf-8", "revision 9 does not exist"),
        (("2021-11 · es", "2021-11 · fr"), "utf-8", "one like `French · fr`"),
        (('Español · es', "Español"), "utf-8", "one like `Spanish · es`"),
        (("issue 2021-11", "key"), "utf-8", "neither an issue file, .* nor a sheet"),
    ],
)  # fmt: skip
def test_a_sheet_that_is_not_ours_any_more_is_refused(
    database: Database, pair: tuple[str, str], encoding: str, sentence: str
) -> None:
    with database.write() as session:
        issue = drafted(session)
        with pytest.raises(Unreadable, match=sentence):
            put(session, issue, csv_of(issue, pair).decode().encode(encoding))


def test_a_language_that_the_issue_is_not_translated_into_is_refused(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        data = csv_of(issue, ("2021-11 · es", "2021-11 · fr"), ("Español · es", "Français · fr"))
        with pytest.raises(Unreadable, match="not translated into fr; its other languages: es, vi"):
            put(session, issue, data)
        with pytest.raises(IssueError, match="not translated into en"):
            sheet(issue, "en")


def test_a_workbook_is_ready_to_be_worked_in(database: Database) -> None:
    with database.write() as session:
        shelf(session)
        issue = november(session, languages=("en", "ar"))
        applied(session, issue, ("title: Priorities", "title: =1+1"))
        page = openpyxl.load_workbook(io.BytesIO(to_xlsx(sheet(issue, "ar")))).worksheets[0]
        assert page.freeze_panes == "A2"
        assert page.sheet_view.rightToLeft
        source, target = page["B5"], page["C5"]
        assert (source.value, source.data_type, source.quotePrefix, source.number_format) == ("=1+1", "s", True, "@")
        assert target.alignment.wrap_text
        assert source.fill.fgColor.rgb != target.fill.fgColor.rgb


def test_what_a_program_made_of_a_cell_is_no_text(database: Database) -> None:
    def change(page: Worksheet) -> None:
        page["C2"], page["C3"], page["C5"] = "=1+1", LATER.replace(tzinfo=None), 1948.0
        page["C8"] = "#NAME?"

    with database.write() as session:
        issue = drafted(session)
        told = put(session, issue, book_of(issue, change))
        assert [sentence[:25] for sentence in told.refused] == [f"not taken: row {row} holds no" for row in (2, 3, 8)]
        assert said(issue, "7", "es")["title"] == "1948"


def test_a_workbook_may_claim_any_size_and_hold_other_pages(database: Database) -> None:
    def change(page: Worksheet) -> None:
        page["C5"], page["XFD1048576"] = "Otra", "far away"
        assert page.parent
        page.parent.create_sheet("Notes", 0)["A1"] = "mine"

    with database.write() as session:
        issue = drafted(session)
        assert put(session, issue, book_of(issue, change)).changes == ["es of resource 7: changed"]


@pytest.mark.parametrize(
    ("part", "content", "sentence"),
    [
        ("xl/vbaProject.bin", b"Sub", "it holds macros"),
        ("xl/media/large.bin", b"\0" * 5_000_001, "far larger inside"),
        ("xl/more.xml", '<?xml?><!DOCTYPE a [<!ENTITY b "c">]>'.encode("utf-16"), "no Excel workbook as"),
        ("xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row", "a broken workbook"),
    ],
)
def test_a_workbook_that_could_do_harm_is_refused_before_it_is_read(
    database: Database, part: str, content: bytes, sentence: str
) -> None:
    with database.write() as session:
        issue = drafted(session)
        out = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(to_xlsx(sheet(issue, "es")))) as whole, zipfile.ZipFile(out, "w", 8) as made:
            for name in {*whole.namelist(), part}:
                made.writestr(name, content if name == part else whole.read(name))
        with pytest.raises(Unreadable, match=sentence):
            put(session, issue, out.getvalue())


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"\xd0\xcf\x11\xe0old", "of an old kind, or has a password"),
        (b"PK\x03\x04cut", "cut off or broken"),
        (b"x" * 2_000_001, "larger than 2 MB"),
    ],
)
def test_other_files_are_refused_with_what_to_do(database: Database, data: bytes, sentence: str) -> None:
    with database.write() as session, pytest.raises(Unreadable, match=sentence):
        put(session, drafted(session), data)


def test_a_workbook_that_was_damaged_on_its_way_is_refused() -> None:
    data = bytearray(to_xlsx(Sheet(Head("2021-11", "es", 1), "en", [])))
    data[30 + data[26] + data[28]] = 0xFF  # behind the first part's header: no compressed bytes begin so
    with pytest.raises(Unreadable, match="cut off or broken"):
        opened(bytes(data))


def test_a_text_that_no_cell_holds_is_said_before_it_is_cut_off(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        apply(session, issue, swapped(export(issue), ("About Priorities.", "a" * 32_768)), by="Ana", now=LATER)
        with pytest.raises(Unreadable, match="the body of resource 7 is longer than a cell of Excel"):
            to_xlsx(sheet(issue, "es"))


def test_a_passage_that_came_later_is_no_matter_of_an_older_sheet(database: Database) -> None:
    with database.write() as session:
        issue = drafted(session)
        data = csv_of(issue)
        resource(session, 9, "report", {"en": "New", "es": "Nueva"})
        composing.place(session, issue, 9, by="Ana", now=LATER)
        assert "title of resource 9" in put(session, issue, data).notes[0]
        assert said(issue, "9", "es")["title"] == "Nueva"
