"""From a row's cells to a person: the address checked, the name tidied, languages, a day, and how they stand."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache, partial
from itertools import islice, repeat
from typing import NamedTuple

from subscribers.addresses import forms, glance
from subscribers.errors import BadFile, SubscriberError
from subscribers.formulas import bare
from subscribers.importing.columns import (
    Columns,
    guessed,
    header_of,
    names_of,
    recipe_of,
    told_by_name,
    without_addresses,
)
from subscribers.importing.recipes import DAY, FILLED, SAFENESS, TONGUES, Standing, Words
from subscribers.importing.rows import FARTHEST, FORMULA, Row, Table
from subscribers.languages import normal as normal_languages
from subscribers.names import tidy
from subscribers.people import LONGEST_NAME

MOST_WORDS = 30
"""Different words by which a column may say how people stand; one with more says something else."""
MOST_LINES = FARTHEST + 1
"""By which a table's number is multiplied in a place."""

_LONGEST_DAY = 40
_LIKE_A_DAY = re.compile(
    r"(?=(?:\D*\d){4})(?:[\d ./:,+-]|t|z|am|pm|utc|gmt|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*+)++"
)

_AT_ONCE = 100
"""Rows that are read together: few, since what dies young costs the interpreter little."""


class Person(NamedTuple):
    """Somebody in the file. The repr shows nothing of them."""

    place: int
    compared: str
    """The address as it is compared."""
    address: str
    name: str
    languages: str
    standing: Standing
    agreed_on: str
    """A day (ISO 8601), or nothing."""

    def __repr__(self) -> str:
        return f"Person(place={self.place})"


_PERSON = partial(tuple.__new__, Person)
"""Somebody from their values: four times as quick as the type itself."""


class Refused(NamedTuple):
    """A row that nobody can be read from, and why; it never repeats the row."""

    place: int
    reason: str


class _Where(NamedTuple):
    """Where in a row of one table things stand."""

    width: int
    header: list[str]
    address: int
    name: tuple[int, ...]
    languages: int | None
    agreed_on: int | None
    standings: tuple[tuple[int, Words], ...]
    everybody: Standing
    is_guarded: bool


def place_of(table: int, line: int) -> int:
    """One number for a line of a table."""
    return table * MOST_LINES + line


def table_and_line(place: int) -> tuple[int, int]:
    """Both again."""
    return divmod(place, MOST_LINES)


def people_of(tables: Iterable[Table], columns: Columns | None = None) -> Iterator[Person | Refused]:
    """Everybody in the tables, row by row; `columns` are guessed where they are not said.

    Raises BadFile where no table holds addresses. A table of an archive that holds none is passed by.
    """
    nobody: BadFile | None = None
    is_any = False
    for table in tables:
        header, rows = header_of(table)
        where = _where(header, table.called, columns or guessed(header))
        if where is None:
            nobody = nobody or without_addresses(header)
            continue
        is_any = True
        yield from _read(table.number, map(_bare, rows) if where.is_guarded else rows, where)
    if nobody and not is_any:
        raise nobody


def words_unsaid(tables: Iterable[Table], columns: Columns) -> list[str]:
    """Words about how people stand that nobody has said the meaning of. Raises BadFile where there are too many."""
    unsaid: dict[str, None] = {}
    for table in tables:
        header, rows = header_of(table)
        where = _where(header, table.called, columns)
        closed = [(at, words) for at, words in where.standings if FILLED not in words] if where else []
        for row in rows if closed else ():
            for at, words in closed:
                said = row.cells[at] if at < len(row.cells) else ""
                if said not in words and _word(said) not in words and not row.problem and row.cells != header.cells:
                    unsaid[_word(said)] = None
            if len(unsaid) > MOST_WORDS:
                raise BadFile("A column that should say how people stand says very different things: choose another.")
    return list(unsaid)


def _where(header: Row, called: str, columns: Columns) -> _Where | None:
    names = names_of(header.cells)
    at = {name: place for place, name in enumerate(names)}
    if columns.address not in at:
        return None
    return _Where(
        width=len(names),
        header=header.cells,
        address=at[columns.address],
        name=tuple(at[name] for name in columns.name if name in at),
        languages=at.get(columns.languages),
        agreed_on=at.get(columns.agreed_on),
        standings=tuple((at[name], columns.words_of(name)) for name in columns.standings if name in at),
        everybody=told_by_name(columns.product, called) or Standing.SUBSCRIBED,
        is_guarded=recipe_of(columns.product).is_guarded,
    )


def _bare(row: Row) -> Row:
    return row._replace(cells=list(map(bare, row.cells)))


def _read(table: int, rows: Iterable[Row], where: _Where) -> Iterator[Person | Refused]:
    """Some at once, column by column, which is thrice as fast; who needs a closer look is read alone."""
    before, rows = place_of(table, 0), iter(rows)
    while some := list(islice(rows, _AT_ONCE)):
        for row, person in zip(some, _together(before, some, where), strict=False):
            yield person if person.address else _alone(before, row, where)


def _together(before: int, rows: Sequence[Row], where: _Where) -> Iterable[Person]:
    """What `_alone` gives for each row; without an address where a glance is not enough."""
    nothing = [""] * where.width
    cells = [row.cells if len(row.cells) == where.width else nothing for row in rows]
    columns = list(zip(*cells, strict=True))
    names = [" ".join(parts) for parts in zip(*[columns[at] for at in where.name], strict=True)] or [""] * len(rows)
    unseen = repeat(Person(0, "", "", "", "", where.everybody, ""))
    if rows[-1].line > FARTHEST or any(name[:1] == FORMULA for name in names):
        return unseen
    seen = [glance(cell) or ("", "") for cell in columns[where.address]]
    try:
        people = zip(
            [before + row.line for row in rows],
            *zip(*seen, strict=True),
            [tidy(name, LONGEST_NAME) for name in names],
            repeat("") if where.languages is None else map(_languages, columns[where.languages]),
            [_standing(row, where) for row in cells] if where.standings else repeat(where.everybody),
            repeat("") if where.agreed_on is None else [_day(cell[:10]) for cell in columns[where.agreed_on]],
            strict=False,
        )
        return list(map(_PERSON, people))
    except SubscriberError:  # it is said which of them cannot be read
        return unseen


def _alone(before: int, row: Row, where: _Where) -> Person | Refused:
    try:
        if row.problem or row.line > FARTHEST:
            raise SubscriberError(row.problem or "It is further down than any file should go.")
        return _person(before + row.line, row.cells, where)
    except SubscriberError as error:
        return Refused(before + row.line, str(error))


def _person(place: int, cells: list[str], where: _Where) -> Person:
    if len(cells) != where.width or cells == where.header:
        cells = _fitting(cells, where)
    address = cells[where.address]
    name = " ".join([cells[at] for at in where.name]) if where.name else ""
    if FORMULA in (address[:1], name[:1]) and not where.is_guarded:
        raise SubscriberError("A cell holds a formula: put its value there.")
    compared, address = forms(address)
    return Person(
        place,
        compared,
        address,
        tidy(name, LONGEST_NAME) if name else "",
        "" if where.languages is None else _languages(cells[where.languages]),
        _standing(cells, where) if where.standings else where.everybody,
        "" if where.agreed_on is None else _day(cells[where.agreed_on][:10]),
    )


def _fitting(cells: list[str], where: _Where) -> list[str]:
    """A row may end early, or go on with nothing."""
    if cells == where.header:
        raise SubscriberError("It names the columns once more.")
    if any(cell.strip() for cell in cells[where.width :]):
        raise SubscriberError("It has more cells than the first line; put quotation marks around a cell with a comma.")
    return cells[: where.width] + [""] * (where.width - len(cells))


@lru_cache(4096)
def _languages(cell: str) -> str:
    tongues = [TONGUES.get(part.strip().lower(), part) for part in re.split(r"[,;|/]", cell)]
    return normal_languages(",".join(tongues))


@lru_cache(4096)
def _day(cell: str) -> str:
    """A day in the one way of writing it that everybody reads alike (ISO 8601); the others are not guessed."""
    try:
        return date.fromisoformat(cell).isoformat()
    except ValueError:
        return ""


def _standing(cells: Sequence[str], where: _Where) -> Standing:
    """The safest of what its columns say."""
    standing = where.everybody
    for at, words in where.standings:
        said = words.get(cells[at]) or _said(words, cells[at])
        if SAFENESS[said] > SAFENESS[standing]:
            standing = said
    return standing


def _said(words: Words, cell: str) -> Standing:
    said = words.get(_word(cell)) or words.get(FILLED)
    if said is None:
        raise SubscriberError("Its word for how they stand has no meaning yet: say it with the columns.")
    return said


def _word(cell: str) -> str:
    word = " ".join(cell.lower().split())
    return DAY if len(word) <= _LONGEST_DAY and _LIKE_A_DAY.fullmatch(word) else word
