"""Which column of a file says what: guessed from its names, or chosen by a person."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain, islice
from typing import Any

from subscribers.errors import BadFile
from subscribers.importing.recipes import (
    ANY,
    MAY_TELL,
    RECIPES,
    SAFENESS,
    WORDS,
    Recipe,
    Standing,
    Words,
    plain,
)
from subscribers.importing.rows import Row, Table

SILENT = "Nothing in this file tells who left or whose mail bounced: everybody in it counts as subscribed."
_MOST_UNREAD = 5
_TITLES = 3
"""Lines above the one that names the columns, at most: some programs write a title there."""


@dataclass(frozen=True)
class Columns:
    """What a file's columns are, by their plain names. What is empty is not there."""

    product: str = ""
    address: str = ""
    name: tuple[str, ...] = ()
    """Parts of a name, in their order."""
    languages: str = ""
    agreed_on: str = ""
    standings: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    """How somebody stands of whom a word is said that no recipe knows, by a person."""

    @classmethod
    def kept(cls, value: Mapping[str, Any]) -> "Columns":
        """From what `as_json` gave."""
        lists = {name: tuple(value.get(name, ())) for name in ("name", "standings")}
        return cls(**{**value, **lists})

    def as_json(self) -> dict[str, Any]:
        """To be kept."""
        return asdict(self)

    def words_of(self, column: str) -> Words:
        """What the words of a column that says how people stand mean."""
        name = _without_place(column)
        known = recipe_of(self.product).standings.get(name) or ANY.standings.get(name) or WORDS
        return {**{word: Standing(standing) for word, standing in self.words.items()}, **known}


def recipe_of(product: str) -> Recipe:
    """The recipe of a product; ANY for none."""
    return next((recipe for recipe in RECIPES if recipe.product == product), ANY)


def header_of(table: Table) -> tuple[Row, Iterable[Row]]:
    """The row that names the columns, and those behind it. Raises BadFile where there is none."""
    first = list(islice(table.rows, _TITLES))
    if not first:
        raise BadFile("The file is empty.")
    at = next((at for at, row in enumerate(first) if _find(names_of(row.cells), _ADDRESSES)), 0)
    header = first[at]
    if header.problem:
        raise BadFile(f"Line {header.line} should name the columns, but cannot be read. {header.problem}")
    if any("@" in cell for cell in header.cells):
        raise BadFile(
            f"Line {header.line} holds an address, but should name the columns: "
            "put a line like email,name,languages above it."
        )
    return header, chain(first[at + 1 :], table.rows)


_ADDRESSES = tuple(chain(ANY.address, *(recipe.address for recipe in RECIPES)))


def names_of(cells: Sequence[str]) -> list[str]:
    """The plain name of each column; a second one of the same name is told apart by its place."""
    names: list[str] = []
    for place, cell in enumerate(cells, 1):
        name = plain(cell)
        names.append(f"{name} column {place}" if name in names or not name else name)
    return names


def guessed(header: Row) -> Columns:
    """What the columns are, as far as their names tell: of two that could be the address or a name, none is chosen."""
    names = names_of(header.cells)
    twice = {name for cell in header.cells if (name := plain(cell)) and _times(header, name) > 1}
    recipe = next((recipe for recipe in RECIPES if _is_of(recipe, names)), ANY)
    sure = [name for name in names if name not in twice]
    telling = recipe.standings.keys() | ANY.standings.keys()
    return Columns(
        product=recipe.product,
        address=_find(sure, recipe.address + ANY.address),
        name=_called(sure, recipe) or _called(sure, ANY),
        languages=_find(sure, recipe.languages + ANY.languages),
        agreed_on=_find(sure, recipe.agreed_on + ANY.agreed_on),
        standings=tuple(name for name in names if _without_place(name) in telling),  # of two both count
    )


def caution(columns: Columns, names: Mapping[str, str]) -> str:
    """What a file of these columns (`names`: their plain names to what they are called) does not tell of how people
    stand, for a person to know; or nothing."""
    recipe = recipe_of(columns.product)
    missing = [shown for shown in recipe.tells if not any(name.endswith(plain(shown)) for name in names)]
    if missing:
        return f"This file does not tell who left: export it again with {_listed(missing)}."
    if recipe is ANY and (unread := _unread(columns, names)):
        return f"Look at {_listed(unread)}: if that tells who left or whose mail bounced, choose it as how they stand."
    return recipe.caution or ("" if columns.standings else SILENT)


def _unread(columns: Columns, names: Mapping[str, str]) -> list[str]:
    """Columns whose name sounds as if they told how people stand, and that nobody chose for anything."""
    chosen = {columns.address, *columns.name, columns.languages, columns.agreed_on, *columns.standings}
    return [shown for name, shown in names.items() if MAY_TELL.search(name) and name not in chosen][:_MOST_UNREAD]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"“{name}”" for name in names)


def told_by_name(product: str, called: str) -> Standing | None:
    """How everybody stands in a table, where a word of its name says so; of several the safest counts."""
    tables = recipe_of(product).tables
    said = [tables[word] for word in telling_words(called) if word in tables]
    return max(said, key=SAFENESS.__getitem__, default=None)


def telling_words(called: str) -> list[str]:
    """The words of a file's name; `not subscribed` is one."""
    return re.findall("[a-z]+", re.sub("(?<![a-z])(non|not)[^a-z]+", "non", called.lower()))


def _is_of(recipe: Recipe, names: Collection[str]) -> bool:
    return any(all(name in names for name in together) for together in recipe.known_by)


def _called(names: Sequence[str], recipe: Recipe) -> tuple[str, ...]:
    """The columns of a name: the full one, or its parts."""
    full = _find(names, recipe.full_name)
    parts = _find(names, recipe.given_name), _find(names, recipe.family_name)
    return (full,) if full else tuple(filter(None, parts))


def _without_place(name: str) -> str:
    """The name of a column that is there twice, as `names_of` tells it apart."""
    return re.sub(r" column \d+$", "", name)


def _times(header: Row, name: str) -> int:
    return sum(plain(cell) == name for cell in header.cells)


def _find(names: Sequence[str], known: Iterable[str]) -> str:
    """The first of the `known` names that is there, or nothing."""
    return next((name for name in known if name in names), "")


def without_addresses(header: Row) -> BadFile:
    """Why nobody can be read from a table with this header."""
    twice = [name for name in ANY.address if _times(header, name) > 1]
    if twice:
        return BadFile(f'Two columns are called "{twice[0]}": rename the one that is not meant, or choose one.')
    found = ", ".join(f'"{cell.strip()[:30]}"' for cell in header.cells[:12])
    return BadFile(
        f"No column holds addresses: line {header.line} names {found}; "
        'call the column with the addresses "email", or choose it.'
    )
