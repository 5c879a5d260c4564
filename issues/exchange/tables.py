"""A sheet as the text of a file: comma-separated values for any program, and read again whatever wrote them."""

import csv
import io
import re

from issues.errors import Unreadable
from issues.exchange.sheets import HEAD, LAST_COLUMN, MOST_ROWS, Row, Sheet, guarded

_PARTED_BY = re.compile(rf'(?P<before>[,;\t])"?{HEAD.pattern}|{HEAD.pattern}"?(?P<behind>[,;\t])', re.IGNORECASE)
"""By commas here, by semicolons where a comma parts decimals, by tabs in Excel's `Unicode text`."""


def to_csv(sheet: Sheet) -> bytes:
    """UTF-8 with the mark by which Excel knows it; every cell in quotation marks, none that runs as a formula."""
    out = io.StringIO(newline="")
    rows = csv.writer(out, quoting=csv.QUOTE_ALL)
    rows.writerow(sheet.titles)
    rows.writerows((guarded(text) for text in (line.path, line.source, line.target)) for line in sheet.lines)
    return out.getvalue().encode("utf-8-sig")


def decoded(data: bytes) -> str:
    """The text of a file: UTF-8, or UTF-16 that says so. Raises Unreadable for other code pages, which lose letters."""
    utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return data.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(
            f"it is not in UTF-8 (at byte {error.start}), so letters may be lost in it: "
            "save it as UTF-8, in Excel as “CSV UTF-8” or as a workbook (.xlsx)"
        ) from None


def is_table(text: str) -> bool:
    """Whether a sheet's first cell stands in `text`, with a column beside it."""
    return bool(_PARTED_BY.search(text))


def table_rows(text: str) -> list[Row]:
    """The cells of a sheet. Raises Unreadable where its quotation marks do not pair."""
    sign = _PARTED_BY.search(text)
    parted_by = sign["before"] or sign["behind"] if sign else ","
    cells = csv.reader(io.StringIO(text, newline=""), delimiter=parted_by, strict=True)
    rows: list[Row] = []
    try:
        for number, row in enumerate(cells, 1):
            if any(row) and len(rows) <= MOST_ROWS:
                rows.append(Row(number, [*row[:LAST_COLUMN]]))
    except csv.Error:
        last = rows[-1].number if rows else 0
        raise Unreadable(
            f"row {last + 1}: its quotation marks do not pair; save it again with a spreadsheet program"
        ) from None
    return rows
