"""What changed between two texts, word by word."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import NamedTuple

_WORDS = re.compile(r"\n+|[^\S\n]+|\w+|[^\w\s]")
MOST_WORDS = 3_000
"""Longer texts are compared by lines: the comparison is quadratic."""


class Mark(NamedTuple):
    """A stretch of text: `same`, `new` or `gone`."""

    what: str
    text: str


def marks(old: str, new: str) -> list[Mark]:
    """`new` with what it lost in place; without the lost ones, the texts joined are `new`."""
    return list(_marks(_parts(old), _parts(new)))


def paragraphs(marked: list[Mark]) -> list[list[Mark]]:
    """The marks by paragraph; what was lost across two ends with the first."""
    rows: list[list[Mark]] = [[]]
    for what, text in marked:
        pieces = re.split(r"\n\s*\n", text) if what != "gone" else [re.sub(r"\s*\n\s*\n\s*", " ", text)]
        for number, piece in enumerate(pieces):
            if number:
                rows.append([])
            if piece:
                rows[-1].append(Mark(what, piece))
    return [row for row in rows if any(mark.text.strip() for mark in row)]


def _parts(text: str) -> list[str]:
    words = _WORDS.findall(text)
    return words if len(words) <= MOST_WORDS else text.splitlines(keepends=True)


def _marks(old: list[str], new: list[str]) -> Iterator[Mark]:
    gone = added = ""
    for what, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        before, after = "".join(old[a:b]), "".join(new[c:d])
        if what != "equal" or ((gone or added) and after.isspace() and "\n" not in after):
            gone, added = gone + before, added + after  # a blank between two changes belongs to both
            continue
        yield from _changed(gone, added)
        gone = added = ""
        yield Mark("same", after)
    yield from _changed(gone, added)


def _changed(gone: str, added: str) -> Iterator[Mark]:
    if gone.strip():
        yield Mark("gone", gone)
    if added:
        yield Mark("new", added)
