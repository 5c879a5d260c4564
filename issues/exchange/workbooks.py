"""A sheet as a workbook (.xlsx), written to be worked in; and read again, never trusting what is inside."""

import io
import zipfile
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from issues.errors import Unreadable
from issues.exchange.sheets import LAST_COLUMN, MOST_ROWS, Row, Sheet, head, typed
from issues.languages import direction

if TYPE_CHECKING:  # openpyxl takes a fifth of a command's start, so it is read when a workbook is
    from openpyxl.cell import Cell
    from openpyxl.styles import Font
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

LONGEST_CELL = 32_767
"""Characters that a cell of Excel holds; it cuts off the rest without a word."""

LARGEST_INSIDE = 5_000_000
"""Bytes of a workbook once unpacked; ours has a hundredth of that."""
MOST_PARTS = 200
MOST_SHEETS = 5
_LAST_ROW = 100_000
"""Further down nobody works; a single sign there would make every row above it one to look at."""

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_DOCTYPES = tuple("<!DOCTYPE".encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be"))
_WIDTHS = {"A": 26, "B": 60, "C": 60}
_AT_TOP: dict[str, Any] = {"vertical": "top", "wrap_text": True}
_READING = {"ltr": 1, "rtl": 2}
"""A cell's reading order (ECMA-376, part 1, section 18.8.1)."""
_TEXT = "@"
"""The number format of a cell that takes whatever is typed as text: no formula, no date, no lost zero."""

AGAIN = "save it as an Excel workbook (.xlsx) and give it again"


def is_workbook(data: bytes) -> bool:
    """Whether `data` begins like one, or like another office program's file that should be one."""
    return data.startswith((_ZIP, _OLE))


def to_xlsx(sheet: Sheet) -> bytes:
    """One sheet with its first row frozen, words wrapped, key and source set apart. Raises Unreadable: too long."""
    from openpyxl import Workbook
    from openpyxl.styles import Font

    for line in sheet.lines:
        if max(len(line.source), len(line.target)) > LONGEST_CELL:
            raise Unreadable(f"the {line.called} is longer than a cell of Excel may be; take the issue file instead")
    book = Workbook(write_only=True)
    page = book.create_sheet(sheet.head.language)
    page.freeze_panes = "A2"
    page.sheet_view.rightToLeft = direction(sheet.head.language) == "rtl"
    for column, width in _WIDTHS.items():
        page.column_dimensions[column].width = width
    page.append(_row(page, sheet, sheet.titles, Font(bold=True)))
    for line in sheet.lines:
        page.append(_row(page, sheet, (line.path, typed(line.source), typed(line.target)), Font()))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def workbook_rows(data: bytes) -> list[Row]:
    """The cells of the page that holds the sheet. Raises Unreadable, saying what to save instead."""
    from openpyxl import load_workbook

    _look_inside(data)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
        pages = [_rows(page) for page in book.worksheets[:MOST_SHEETS]]
    except Exception:  # noqa: BLE001 - what somebody else wrote may break the reader anywhere
        raise Unreadable(f"it is a broken workbook; open it in a spreadsheet program, {AGAIN}") from None
    return next((rows for rows in pages if any(head(cell or "") for row in rows for cell in row.cells)), [])


def _row(page: "WriteOnlyWorksheet", sheet: Sheet, texts: tuple[str, str, str], font: "Font") -> "Iterator[Cell]":
    """Key and source on a ground of their own: what is white is to be written."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, PatternFill

    for text, language in zip(texts, ("en", sheet.source_language, sheet.head.language), strict=True):
        cell = WriteOnlyCell(page, text)
        cell.data_type, cell.number_format = "s", _TEXT
        cell.quotePrefix = True
        cell.alignment = Alignment(readingOrder=_READING[direction(language)], **_AT_TOP)
        cell.font = font
        if language != sheet.head.language:
            cell.fill = PatternFill("solid", fgColor="EFEBE1")
        yield cell


def _look_inside(data: bytes) -> None:
    """Nothing is unpacked before its size is known, and no part is read that could grow or run."""
    if data.startswith(_OLE):
        raise Unreadable(f"it is a workbook of an old kind, or has a password; {AGAIN}")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            _check_parts(parts)
    except Unreadable:
        raise
    except Exception:  # noqa: BLE001 - bytes on which the way was lost break zipfile and zlib anywhere
        raise Unreadable(f"it is cut off or broken; {AGAIN}") from None


def _check_parts(parts: zipfile.ZipFile) -> None:
    inside = parts.infolist()
    if len(inside) > MOST_PARTS or sum(part.file_size for part in inside) > LARGEST_INSIDE:
        raise Unreadable(f"it is far larger inside than a sheet of an issue; copy the texts into a new sheet, {AGAIN}")
    names = {part.filename for part in inside}
    if any("vbaproject" in name.lower() for name in names):
        raise Unreadable(f"it holds macros, which are never taken in; {AGAIN}")
    if "xl/workbook.xml" not in names:
        raise Unreadable(f"it is no Excel workbook; {AGAIN}")
    for name in names:
        if any(mark in parts.read(name) for mark in _DOCTYPES):  # OOXML has none; one may name entities that grow
            raise Unreadable(f"it is no Excel workbook as a spreadsheet program writes it; {AGAIN}")


def _rows(page: Any) -> list[Row]:
    """What a page says, whatever size it claims."""
    page.reset_dimensions()
    cells = page.iter_rows(max_row=_LAST_ROW, max_col=LAST_COLUMN)
    written = (Row(number, [_text(cell) for cell in row]) for number, row in enumerate(cells, 1) if _is_written(row))
    return list(islice(written, MOST_ROWS + 1))


def _is_written(row: Iterable[Any]) -> bool:
    return any(cell.value is not None for cell in row)


def _text(cell: Any) -> str | None:
    """Nothing where the cell holds a formula, a date or an error: a program made it, and nobody wrote it."""
    if cell.value is None:
        return ""
    if cell.data_type == "n":
        whole = isinstance(cell.value, float) and cell.value.is_integer()
        return str(int(cell.value) if whole else cell.value)
    return str(cell.value).replace("_x000D_", "") if cell.data_type in ("s", "inlineStr") else None
