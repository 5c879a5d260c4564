"""The readers over time as a picture: a column for each day, week or month, and in it a band for each language."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from subscribers.head_counts import LEAST, Day

BANDS = 5
"""Languages with a band of their own; the style sheet has as many tones."""
_WIDEST = 8.0
_FILLED = 0.8
"""The share of its place that a column takes, where there are many."""
_LINES = 4

Part = tuple[str, float, float]
"""A part of a column: its class in the style sheet, where it begins and how high it is, in hundredths from the top."""


@dataclass(frozen=True)
class Band:
    """One language, the largest first; the empty one is everybody else."""

    language: str
    tone: str
    people: int
    """On the newest day."""


@dataclass(frozen=True)
class Growth:
    """All that the picture and its table are made of."""

    days: list[Day]
    bands: list[Band]
    columns: list[tuple[float, list[Part]]]
    """Where each column begins, in hundredths, and its parts from the bottom to the top."""
    width: float
    lines: list[tuple[float, int]]
    """Where the rules lie, in hundredths from the top, and the numbers they stand for."""

    def people(self, day: Day, language: str) -> int:
        """How many a cell of the table counts."""
        return _people(day, language, [band.language for band in self.bands])

    @property
    def first(self) -> Day:
        return self.days[0]

    @property
    def last(self) -> Day:
        return self.days[-1]


def growth(days: Sequence[Day], *, exact: bool) -> Growth | None:
    """The picture; nothing where there are not two days to compare. Not `exact`: no number below LEAST."""
    told = [day for day in days if exact or day.people >= LEAST]
    if len(told) < 2:
        return None
    languages = _bands(told, exact)
    top, lines = _lines(max(day.people for day in told))
    places = told[-1].place - told[0].place
    width = min(_WIDEST, 100 * _FILLED / (places + 1))
    return Growth(
        days=told,
        bands=[Band(each, _tone(each, languages), _people(told[-1], each, languages)) for each in languages],
        columns=[
            (_rounded((100 - width) * (day.place - told[0].place) / places), _parts(day, languages, top))
            for day in told
        ],
        width=_rounded(width),
        lines=lines,
    )


def written(day: date) -> str:
    """`21 November 2026`."""
    return f"{day.day} {day:%B %Y}"


def _bands(days: Sequence[Day], exact: bool) -> list[str]:
    """The languages shown, the largest first, and everybody else where there is anybody else.

    A small rest could be told from the sum, so the smallest language joins it until it is small no more.
    """
    largest = {tag: max(day.subscribed.get(tag, 0) for day in days) for day in days for tag in day.subscribed if tag}
    shown = sorted(largest, key=lambda tag: (-largest[tag], tag))[:BANDS]
    while shown and not exact and any(0 < _people(day, "", shown) < LEAST for day in days):
        shown.pop()
    return [*shown, ""] if any(_people(day, "", shown) for day in days) else shown


def _people(day: Day, language: str, shown: Sequence[str]) -> int:
    if language:
        return day.subscribed.get(language, 0)
    return day.people - sum(day.subscribed.get(tag, 0) for tag in shown if tag)


def _parts(day: Day, languages: Sequence[str], top: int) -> list[Part]:
    parts, bottom = [], 100.0
    for language in languages:
        height = 100 * _people(day, language, languages) / top
        if height:
            bottom -= height
            parts.append((_tone(language, languages), _rounded(bottom), _rounded(height)))
    return parts


def _tone(language: str, languages: Sequence[str]) -> str:
    return f"tone-{languages.index(language) + 1}" if language else "tone-rest"


def _lines(most: int) -> tuple[int, list[tuple[float, int]]]:
    """The number at the top, and rules at a few round ones."""
    tens = (unit * 10**zeros for zeros in range(12) for unit in (1, 2, 5))
    step = next(step for step in tens if most <= step * _LINES)
    top = max(1, -(-most // step)) * step
    return top, [(_rounded(100 - 100 * number / top), number) for number in range(step, top + 1, step)]


def _rounded(number: float) -> float:
    return round(number, 3)
