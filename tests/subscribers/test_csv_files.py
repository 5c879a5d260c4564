"""A file's bytes become rows with their lines: the encoding found out, what is broken named, everything else kept."""

import io
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subscribers.importing import csv_files
from subscribers.importing.csv_files import LONGEST_LINE, csv_rows, encoding_of

PEOPLE = {
    "utf-8": "Ana Muñoz",
    "utf-8-sig": "Nguyễn Hà",
    "utf-16": "محمد علي",
    "utf-16-le": "Ana Muñoz",
    "utf-16-be": "Ana Muñoz",
    "cp1252": "José Ibáñez",
    "cp1258": "Trần Thị Hương",
    "cp1256": "فاطمة الزهراء",
}
_TONES = "\u0300\u0301\u0303\u0309\u0323"


def encoded(text: str, encoding: str) -> bytes:
    """Windows' Vietnamese code page has vowels and tones apart."""
    if encoding != "cp1258":
        return text.encode(encoding)
    signs = []
    for sign in text:
        apart = unicodedata.normalize("NFD", sign)
        vowel = unicodedata.normalize("NFC", "".join(part for part in apart if part not in _TONES))
        signs.append(vowel + "".join(part for part in apart if part in _TONES))
    return "".join(signs).encode(encoding)


@pytest.mark.parametrize("encoding", PEOPLE)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_encoding_is_found_out(encoding: str, end: str) -> None:
    data = encoded(end.join(["email;name", f"ana@example.org;{PEOPLE[encoding]}", "bo@example.org;Bo"]), encoding)
    assert encoding_of(io.BytesIO(data)) == encoding
    rows = list(csv_rows(io.BytesIO(data), encoding))
    assert [row.line for row in rows] == [1, 2, 3]
    assert unicodedata.normalize("NFC", rows[1].cells[1]) == PEOPLE[encoding]


def test_a_file_cut_off_within_a_sign_loses_its_last_line_alone() -> None:
    for encoding in ("utf-8", "utf-16"):
        data = "email,name\nana@example.org,Añ\nbo@example.org,Muñ".encode(encoding)[:-1]
        rows = list(csv_rows(io.BytesIO(data), encoding_of(io.BytesIO(data))))
        assert [bool(row.problem) for row in rows] == [False, False, True]


def test_a_quotation_mark_never_closed_costs_its_own_line_alone() -> None:
    people = "".join(f"p{n}@example.org,P\n" for n in range(100))
    rows = list(csv_rows(io.BytesIO(f'email,name\nana@example.org,"Ana\n{people}'.encode()), "utf-8"))
    assert [row.line for row in rows if row.problem] == [2]
    assert len(rows) == 102


def test_rows_over_several_lines_are_whole_across_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "email,name\n" + "".join(f'p{n}@example.org,"Name\nof {n}"\n' for n in range(200))
    for size in (50, 333):
        monkeypatch.setattr(csv_files, "_SIGNS", size)
        rows = list(csv_rows(io.BytesIO(text.encode()), "utf-8"))
        assert [row.line for row in rows] == [1, *range(2, 402, 2)]
        assert rows[-1].cells == ["p199@example.org", "Name\nof 199"]


@settings(max_examples=150)
@given(
    st.binary(max_size=300)
    | st.lists(
        st.sampled_from([b"a@example.org", b'"', b",", b"\n", b"\r", b"\0", b"\xff", b"x", "ñ".encode()]), max_size=60
    ).map(b"".join)
)
def test_any_bytes_are_read_row_by_row(content: bytes) -> None:
    file = io.BytesIO(b"email,name\n" + content)
    rows = list(csv_rows(file, encoding_of(file)))
    assert not file.closed
    lines = [row.line for row in rows]
    assert lines == sorted(set(lines))
    assert all(bool(row.problem) != bool(row.cells) for row in rows)
    assert not any(sign in cell for row in rows for cell in row.cells for sign in "\0\N{REPLACEMENT CHARACTER}")


def test_a_thousand_columns_are_no_matter() -> None:
    data = (
        ",".join(f"column {n}" for n in range(1000)) + "\n" + ",".join(["x"] * 1000) + "\n" + "y" * (LONGEST_LINE + 1)
    )
    rows = list(csv_rows(io.BytesIO(data.encode()), "utf-8"))
    assert [(len(row.cells), bool(row.problem)) for row in rows] == [(1000, False), (1000, False), (0, True)]
