"""From a file's bytes to rows with line numbers: the encoding and the delimiter found out, broken rows named.

Read line by line, so that memory stays flat and one broken row takes no other with it.
"""

import codecs
import csv
import io
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO, TextIO

from subscribers.errors import BadFile

DELIMITERS = ",;\t"
LONGEST_LINE = 50_000
"""Signs in one line of the file."""
MOST_LINES = 10
"""Lines that one row may run over, inside quotation marks."""

_UNCLOSED = "Its quotation marks do not close where they should."
_BLOCK = 65_536


@dataclass(frozen=True, slots=True)
class Row:
    """One row. Its repr shows no cell: a cell may hold an address."""

    line: int
    """The line of the file it begins on, from 1."""
    cells: list[str] = field(repr=False)
    problem: str = ""
    """Why it cannot be read, in one sentence; then it has no cells."""

    @property
    def is_blank(self) -> bool:
        return not self.problem and not any(cell.strip() for cell in self.cells)


@dataclass(frozen=True, slots=True)
class CsvFile:
    """An open file and what was found out about it."""

    encoding: str
    delimiter: str
    rows: Iterator[Row] = field(repr=False)
    """Blank rows are left out."""


@contextmanager
def open_csv(file: BinaryIO) -> Iterator[CsvFile]:
    """Read `file`, which must be seekable, as CSV. Raises BadFile where it is something else."""
    encoding = _encoding(file)
    text = io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="")
    try:
        lines = _Lines(text)
        delimiter = _delimiter(lines.first)
        yield CsvFile(encoding, delimiter, (row for row in _rows(lines, delimiter) if not row.is_blank))
    finally:
        text.detach()


def _encoding(file: BinaryIO) -> str:
    """The encoding by byte order mark, by the zeros of UTF-16, or by trying UTF-8; else Windows' western one."""
    head = file.read(_BLOCK)
    file.seek(0)
    if head.startswith(b"PK\x03\x04"):
        raise BadFile("This is a spreadsheet or a ZIP archive: save the sheet as CSV (UTF-8) and import that.")
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for encoding, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[0::2])):
        if zeros.count(0) * 2 > len(zeros):
            return encoding
    return "utf-8" if _is_utf8(file) else "cp1252"


def _is_utf8(file: BinaryIO) -> bool:
    """Whether all of `file` decodes; a file cut off within a sign still does."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while block := file.read(_BLOCK):
            decoder.decode(block)
    except UnicodeDecodeError:
        return False
    finally:
        file.seek(0)
    return True


def _delimiter(line: str) -> str:
    """The delimiter that parts the header into most cells."""
    return max(DELIMITERS, key=line.count)


class _Broken(Exception):
    """The line just read cannot be part of a row."""


class _Lines:
    """The file's lines, for the csv module to pull; those it pulled for a row that broke can be given back."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._pulled: list[str] = []
        self.number = 1
        """The line that the present row begins on."""
        self.first = _read_line(text)
        self._waiting = deque([self.first] if self.first else [])

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if len(self._pulled) == MOST_LINES:
            raise _Broken(_UNCLOSED)
        line = self._waiting.popleft() if self._waiting else _read_line(self._text)
        if not line:
            raise StopIteration
        self._pulled.append(line)
        if problem := _problem(line):
            raise _Broken(problem if len(self._pulled) == 1 else _UNCLOSED)
        return line

    def begin_row(self) -> None:
        self.number += len(self._pulled)
        self._pulled.clear()

    def give_back_all_but_first(self) -> None:
        self._waiting.extendleft(reversed(self._pulled[1:]))
        del self._pulled[1:]


def _read_line(text: TextIO) -> str:
    """The next line with its end; of one that is too long, as much as shows that it is."""
    line = text.readline(LONGEST_LINE + 1)
    rest = line
    while len(rest) > LONGEST_LINE and not rest.endswith(("\n", "\r")):
        rest = text.readline(LONGEST_LINE + 1)
    return line


def _problem(line: str) -> str:
    if len(line) > LONGEST_LINE:
        return f"It is longer than {LONGEST_LINE} signs."
    if "\0" in line:
        return "It holds a NUL sign."
    if "\N{REPLACEMENT CHARACTER}" in line:
        return "It holds signs that cannot be read in this file's encoding."
    return ""


def _rows(lines: _Lines, delimiter: str) -> Iterator[Row]:
    while True:
        lines.begin_row()
        try:
            cells = next(csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True))
        except StopIteration:
            return
        except (_Broken, csv.Error) as error:
            lines.give_back_all_but_first()
            yield Row(lines.number, [], str(error) if isinstance(error, _Broken) else _UNCLOSED)
        else:
            yield Row(lines.number, cells)
