"""From a CSV file's bytes to rows with line numbers: the encoding and the delimiter found out, broken rows named.

Read block by block, so that memory stays flat and one broken row takes no other with it.
"""

import codecs
import csv
import io
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from functools import partial
from itertools import count, repeat
from typing import BinaryIO, TextIO

from charset_normalizer import from_bytes

from subscribers.importing.rows import Row, is_blank

DELIMITERS = ",;\t|"
LONGEST_LINE = 50_000
"""Signs in one line of the file."""
MOST_LINES = 10
"""Lines that one row may run over, inside quotation marks."""
CODE_PAGES = ("cp1252", "cp1258", "cp1256")
"""Windows' code pages that are told apart by what makes sense: the western, the Vietnamese, the Arabic one."""
ENCODINGS = ("utf-8", "utf-16", *CODE_PAGES)
"""What somebody may choose where the guess was wrong."""

_ROW = partial(tuple.__new__, Row)
"""A row from its three values: four times as quick as the type itself."""
_UNCLOSED = "Its quotation marks do not close where they should."
_NUL, _UNREADABLE = "\0", "\N{REPLACEMENT CHARACTER}"
_BLOCK = 65_536
_SIGNS = 262_144
"""Signs that are read and looked over at once."""


def csv_rows(file: BinaryIO, encoding: str) -> Iterator[Row]:
    """The rows of `file`, which must be at its beginning; it is left open."""
    text = io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="")
    try:
        lines = _line_blocks(text)
        first = next(lines, None)
        if first is not None:
            header = next((line for line in first if line.strip()), "")
            delimiter = max(DELIMITERS, key=header.count)  # the one that parts the header into most cells
            yield from (row for row in _rows(first, lines, delimiter) if row.problem or not is_blank(row.cells))
    finally:
        with suppress(ValueError):  # who looked at the first rows alone may have closed the file already
            text.detach()


def encoding_of(file: BinaryIO) -> str:
    """By byte order mark, by the zeros of UTF-16, by trying UTF-8; else the code page whose text makes most sense."""
    head = file.read(_BLOCK)
    file.seek(0)
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for encoding, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[0::2])):
        if zeros.count(0) * 2 > len(zeros):
            return encoding
    strange = _not_utf8(file)
    if not strange:
        return "utf-8"
    likely = from_bytes(strange, cp_isolation=list(CODE_PAGES)).best()
    return likely.encoding if likely else CODE_PAGES[0]


def _not_utf8(file: BinaryIO) -> bytes:
    """The first block that is no UTF-8, or nothing where all of `file` is; one cut off within a sign still is."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    block = b""
    try:
        while block := file.read(_BLOCK):
            decoder.decode(block)
    except UnicodeDecodeError:
        return block
    finally:
        file.seek(0)
    return b""


def _line_blocks(text: TextIO) -> Iterator[list[str]]:
    """Whole lines with their ends, some thousands at once; of one that is too long, as much as shows that it is."""
    begun = ""
    while block := text.read(_SIGNS):
        lines = io.StringIO(begun + block, newline="").readlines()
        begun = "" if lines[-1].endswith("\n") else lines.pop()
        if len(begun) > LONGEST_LINE:
            lines.append(begun[: LONGEST_LINE + 1])
            begun = ""
            _skip_line(text)
        if lines:
            yield lines
    if begun:
        yield [begun]


def _skip_line(text: TextIO) -> None:
    rest = "more"
    while rest and not rest.endswith(("\n", "\r")):
        rest = text.readline(LONGEST_LINE)


def _rows(lines: list[str], more: Iterator[list[str]], delimiter: str) -> Iterator[Row]:
    number = 1
    while lines:
        following = next(more, [])
        if _is_plain(lines):
            yield from map(_ROW, zip(count(number), _reader(lines, delimiter), repeat(""), strict=False))
            taken = len(lines)
        else:
            taken = yield from _careful(lines, delimiter, number, is_end=not following)
        number += taken
        lines = lines[taken:] + following


def _reader(lines: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    return csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)


def _is_plain(lines: list[str]) -> bool:
    """Whether each line is a row, and none is too long or holds what cannot be read."""
    joined = "".join(lines)
    strange = any(sign in joined for sign in ('"', _NUL, _UNREADABLE))
    return not strange and max(map(len, lines)) <= LONGEST_LINE


def _careful(lines: list[str], delimiter: str, number: int, *, is_end: bool) -> Generator[Row, None, int]:
    """The rows of a block, line by line, since quotation marks may hold lines together; its first line is `number`.

    Gives back how many lines they were: a row that may go on in the next block is left for it.
    """
    begun = 0
    while begun < len(lines):
        if problem := _problem(lines[begun]):
            yield Row(number + begun, [], problem)
            begun += 1
            continue
        pulled = _Pulled(lines, begun)
        try:
            for cells in _reader(pulled, delimiter):
                yield Row(number + begun, cells)
                begun = pulled.next_row()
        except csv.Error:
            if pulled.at == len(lines) and not is_end and pulled.at - begun < MOST_LINES:
                return begun
            yield Row(number + begun, [], _UNCLOSED)
            begun += 1
    return begun


class _Pulled:
    """Lines for the csv module to pull: up to the first with a problem, and for one row no more than MOST_LINES."""

    def __init__(self, lines: list[str], begun: int) -> None:
        self._lines = lines
        self._begun = self.at = begun

    def __iter__(self) -> "_Pulled":
        return self

    def __next__(self) -> str:
        if self.at == len(self._lines) or _problem(self._lines[self.at]):
            raise StopIteration
        if self.at - self._begun == MOST_LINES:
            raise csv.Error
        self.at += 1
        return self._lines[self.at - 1]

    def next_row(self) -> int:
        """Where it begins."""
        self._begun = self.at
        return self.at


def _problem(line: str) -> str:
    if len(line) > LONGEST_LINE:
        return f"It is longer than {LONGEST_LINE} signs."
    if _NUL in line:
        return "It holds a NUL sign."
    if _UNREADABLE in line:
        return "It holds signs that cannot be read in this file's encoding."
    return ""
