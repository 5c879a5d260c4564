"""A kept file shown to a person before anybody in it is staged: its columns, what they seem to be, its first people."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice

from subscribers.errors import BadFile
from subscribers.importing.columns import (
    Columns,
    caution,
    guessed,
    header_of,
    names_of,
    told_by_name,
    without_addresses,
)
from subscribers.importing.csv_files import ENCODINGS
from subscribers.importing.files import tables_of
from subscribers.importing.keeping import Source, Tools, opened, source
from subscribers.importing.people import Person, Refused, people_of, words_unsaid
from subscribers.importing.rows import Table

SHOWN = 5
"""Rows of the file that a person is shown."""


@dataclass(frozen=True)
class Outline:
    """A kept file as it is understood so far. It shows people: for the list keeper alone; its repr shows nobody."""

    columns: Columns
    names: dict[str, str]
    """The file's columns: plain name to the name as it stands there."""
    encoding: str
    first: tuple[Person | Refused, ...] = field(repr=False)
    tables: tuple[str, ...] = field(default=(), repr=False)
    """What its files or sheets are called, in their order."""
    problem: str = ""
    """Why nobody can be read as yet."""
    is_named: bool = False
    """Whether the name of each table says how everybody in it stands."""

    @property
    def caution(self) -> str:
        """What the file does not tell of how people stand, in a sentence; or nothing."""
        return "" if self.is_named else caution(self.columns, self.names)


def outline(tools: Tools, number: int, columns: Columns | None = None, encoding: str = "") -> Outline:
    """What the file of an import holds, by `columns` as somebody chose them, or as they are guessed.

    Raises BadFile where it is no list, NotFound where it is not kept.
    """
    kept = _source(tools, number, encoding)
    names: dict[str, str] = {}
    guesses: list[Columns] = []
    begun: list[Table] = []
    called: list[str] = []
    found = problem = ""
    named = True
    with _tables(tools, number, kept) as tables:
        for table in tables:
            header, rows = header_of(table)
            called.append(table.called)
            begun.append(table._replace(rows=iter([header, *islice(rows, SHOWN)])))
            shown = [cell.strip()[:80] for cell in header.cells]
            names |= dict(zip(names_of(header.cells), shown, strict=True)) | names
            guesses.append(guessed(header))
            named = named and told_by_name(guesses[-1].product, table.called) is not None
            found = found or table.encoding
            problem = problem or str(without_addresses(header))
    chosen = columns or kept.columns or _together(guesses)
    if chosen.address not in names:
        return Outline(chosen, names, found, (), tuple(called), problem)
    first = tuple(islice(people_of(begun, chosen), SHOWN))
    return Outline(chosen, names, found, first, tuple(called), is_named=named)


def unsaid(tools: Tools, number: int, columns: Columns, encoding: str = "") -> list[str]:
    """Words about how people stand that nobody has said the meaning of.

    Raises BadFile where there are so many that their column must say something else.
    """
    if not columns.standings:
        return []
    with _tables(tools, number, _source(tools, number, encoding)) as tables:
        return words_unsaid(tables, columns)


def _source(tools: Tools, number: int, encoding: str) -> Source:
    if encoding and encoding not in ENCODINGS:
        raise BadFile(f"A file cannot be read as {encoding[:16]} here: choose one of {', '.join(ENCODINGS)}.")
    with tools.read() as session:
        kept = source(session, number)
    return replace(kept, encoding=encoding or kept.encoding)


@contextmanager
def _tables(tools: Tools, number: int, kept: Source) -> Iterator[Iterator[Table]]:
    with opened(tools, number, kept.size) as file, tables_of(file, kept.called, kept.encoding) as tables:
        yield tables


def _together(guesses: list[Columns]) -> Columns:
    """An archive's tables have other columns each: those of the first with addresses, and how people stand from all."""
    known = [guess for guess in guesses if guess.address] or guesses
    standings = dict.fromkeys(name for guess in known for name in guess.standings)
    return replace(known[0], standings=tuple(standings))
