"""A sheet that comes back, found by its content: what its rows say, and which of them cannot be taken."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from issues.errors import Unreadable
from issues.exchange.sheets import MOST_ROWS, Head, Line, Row, Sheet, head, line, unguarded
from issues.exchange.tables import decoded, is_table, table_rows
from issues.exchange.workbooks import is_workbook, workbook_rows
from issues.languages import name_in

_LANGUAGE = re.compile(r".*· *([a-z]{2,3}(?:-[a-z0-9]{2,8})*)", re.IGNORECASE)
_ERROR = re.compile(r"#¿?[^\W\d_/]+(?:/[^\W\d_])?[!?]?")
"""What a spreadsheet shows where a formula went wrong: `#NAME?`, `#¿NOMBRE?`, `#N/A`."""


class _Columns(NamedTuple):
    key: int
    source: int
    target: int


def is_sheet(data: bytes) -> bool:
    """Whether this is a sheet, or was meant to be. Raises Unreadable where it is no text in a known encoding."""
    return is_workbook(data) or is_table(decoded(data))


def read_sheet(data: bytes) -> Sheet:
    """Raises Unreadable, naming the row and what to do, where the sheet as a whole cannot be taken."""
    rows = workbook_rows(data) if is_workbook(data) else table_rows(decoded(data))
    if len(rows) > MOST_ROWS:
        raise Unreadable(f"the sheet has more than {MOST_ROWS} rows; is it the right file?")
    first, found = _head(rows)
    columns, source = _columns(first, found)
    reading = _Reading(columns, name_in(found.language, "en"))
    for row in rows:
        if row is not first:
            reading.take(row)
    lines = [line for path, line in reading.lines.items() if path not in reading.doubtful]
    return Sheet(found, source, lines, reading.problems, frozenset(reading.doubtful))


def _head(rows: Sequence[Row]) -> tuple[Row, Head]:
    """The row that names the issue; sorting may have moved it."""
    for row in rows:
        for cell in row.cells:
            if found := head(cell or ""):
                return row, found
    raise Unreadable("its first row is not the one it was taken out with; take the sheet out again")


def _columns(first: Row, found: Head) -> tuple[_Columns, str]:
    """Where the three columns stand, and the source's language; columns that somebody added are nobody's."""
    texts = [cell or "" for cell in first.cells]
    key = next(place for place, text in enumerate(texts) if head(text))
    tags = {place: said[1].lower() for place, text in enumerate(texts) if (said := _LANGUAGE.fullmatch(text.strip()))}
    tags.pop(key, None)
    targets = [place for place, tag in tags.items() if tag == found.language]
    sources = [place for place, tag in tags.items() if tag != found.language]
    if len(targets) != 1 or len(sources) != 1:
        raise Unreadable(
            f"row {first.number}: behind its first cell a column must be headed like `English · en` and one like "
            f"`{name_in(found.language, 'en')} · {found.language}`; put these headings back"
        )
    return _Columns(key, sources[0], targets[0]), tags[sources[0]]


@dataclass
class _Reading:
    """What the rows said so far."""

    columns: _Columns
    language: str
    lines: dict[str, Line] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    doubtful: set[str] = field(default_factory=set)

    def take(self, row: Row) -> None:
        key, source, target = (row.cells[place] if place < len(row.cells) else "" for place in self.columns)
        known = line(key or "", unguarded(source or ""), unguarded(target or ""), row.number)
        if target is None or _ERROR.fullmatch(target.strip()):
            what = f"holds no {self.language} text but what a formula, a date or an error left; write it as text"
            self._refuse(f"row {row.number} {what}", known)
        elif known:
            self._compare(known, self.lines.setdefault(known.path, known))
        elif target.strip():
            shown = f"“{key.strip()[:60]}”" if key and key.strip() else "an empty cell"
            self._refuse(f"row {row.number} begins with {shown}, which is no text's key; put it back")

    def _compare(self, given: Line, first: Line) -> None:
        """Nobody knows which is meant, where a text stands there twice in different words."""
        if given.target.strip() != first.target.strip():
            rows = f"rows {first.row} and {given.row}"
            self._refuse(f"{rows} give the {given.called} in different words; keep one", given)

    def _refuse(self, sentence: str, known: Line | None = None) -> None:
        self.problems.append(f"not taken: {sentence}")
        if known:
            self.doubtful.add(known.path)
