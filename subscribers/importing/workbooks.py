"""A spreadsheet's workbook (.xlsx) as tables of text, never trusting what is inside."""

import zipfile
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import count
from typing import Any, BinaryIO

from subscribers.errors import BadFile
from subscribers.importing.rows import FORMULA, Row, Table, is_blank

LARGEST_INSIDE = 100_000_000
"""Bytes of a workbook once unpacked: some two hundred thousand people."""
MOST_PARTS = 200
MOST_SHEETS = 15
MOST_COLUMNS = 2_000
_LAST_ROW = 1_048_576
"""The last that Excel has."""
_BLOCK = 65_536
_DOCTYPES = tuple("<!DOCTYPE".encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be"))

_AGAIN = "save the sheet as CSV (UTF-8) and import that"


def is_workbook(parts: zipfile.ZipFile) -> bool:
    """Whether this archive is one."""
    return "xl/workbook.xml" in parts.namelist()


def workbook_tables(file: BinaryIO, parts: zipfile.ZipFile) -> Iterator[Table]:
    """Its sheets. Raises BadFile, saying what to save instead."""
    from openpyxl import load_workbook  # it takes a fifth of a command's start

    _look_inside(parts)
    try:
        book = load_workbook(file, read_only=True, keep_links=False)
        sheets = book.worksheets[:MOST_SHEETS]
    except Exception:  # noqa: BLE001 - what somebody else wrote may break the reader anywhere
        raise BadFile(f"This workbook is broken: {_AGAIN}.") from None
    for number, sheet in enumerate(sheets, 1):
        yield Table(number, sheet.title, "xlsx", _rows(sheet))


def _look_inside(parts: zipfile.ZipFile) -> None:
    """No part is read that could grow or run."""
    inside = parts.infolist()
    if len(inside) > MOST_PARTS or sum(part.file_size for part in inside) > LARGEST_INSIDE:
        raise BadFile(f"This workbook is very large inside: {_AGAIN}.")
    if any("vbaproject" in part.filename.lower() for part in inside):
        raise BadFile(f"This workbook holds macros, which are never taken in: {_AGAIN}.")
    if any(_has_doctype(parts, part) for part in inside):  # OOXML has none; one may name entities that grow
        raise BadFile(f"This workbook is not as a spreadsheet program writes it: {_AGAIN}.")


def _has_doctype(parts: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    end = b""
    with parts.open(part) as content:
        while block := content.read(_BLOCK):
            if any(mark in end + block for mark in _DOCTYPES):
                return True
            end = block[-32:]
    return False


def _rows(sheet: Any) -> Iterator[Row]:
    """What a sheet says, whatever size it claims."""
    sheet.reset_dimensions()
    cells = sheet.iter_rows(max_row=_LAST_ROW, max_col=MOST_COLUMNS, values_only=True)
    for number in count(1):
        try:
            written = next(cells, None)
        except Exception:  # noqa: BLE001 - as above
            yield Row(number, [], f"The workbook is broken from here on: {_AGAIN}.")
            return
        if written is None:
            return
        row = _texts(written)
        if not is_blank(row):
            yield Row(number, row)


def _texts(written: Iterable[Any]) -> list[str]:
    return ["" if value is None else value if isinstance(value, str) else _text(value) for value in written]


def _text(value: object) -> str:
    """As a person reads it: no `.0` behind a whole number. What is left is made by a formula."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, int | float) else FORMULA
