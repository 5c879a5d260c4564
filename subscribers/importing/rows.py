"""What a file holds, whatever kind of file it is: tables of rows, each row with its line."""

from collections.abc import Iterator
from typing import NamedTuple

FARTHEST = 2**28 - 1
"""The last line of a file that can be told apart from others."""
FORMULA = "="
"""What a formula begins with, in every spreadsheet."""


class Row(NamedTuple):
    """One row. Its repr shows no cell: a cell may hold an address."""

    line: int
    """The line of the file it begins on, from 1; in a spreadsheet, its row."""
    cells: list[str]
    problem: str = ""
    """Why it cannot be read, in one sentence; then it has no cells."""

    def __repr__(self) -> str:
        return f"Row(line={self.line}, problem={self.problem!r})"


class Table(NamedTuple):
    """One table of a file: most files have one, an archive or a workbook may have several."""

    number: int
    """Which of the file's tables, from 1."""
    called: str
    """The name of its file or sheet. It may name somebody: it is shown to who gave it alone, and kept nowhere."""
    encoding: str
    rows: Iterator[Row]
    """Blank rows are left out."""


def is_blank(cells: list[str]) -> bool:
    """Whether a row says nothing."""
    return not "".join(cells).strip()
