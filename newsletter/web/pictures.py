"""An account as a picture: one bar, and one number for each way a mail can end."""

from collections.abc import Mapping

from newsletter.delivery.models import State

MEANINGS = {
    State.ACCEPTED: "their server took it",
    State.REFUSED: "their server said no",
    State.GIVEN_UP: "no answer for too long",
    State.SKIPPED: "left, or it was cancelled",
    State.IN_DOUBT: "the line broke",
}
"""What each outcome says, in a few words."""

MOST_MARKS = 120
"""People who are each drawn with a mark; beyond that bars are drawn, and the table is always there."""

Stretch = tuple[str, float, float]
"""A part of a bar: its class in the style sheet, where it starts and how long it is, in hundredths."""


def stretches(counts: Mapping[str, int], whole: int = 0) -> list[Stretch]:
    """The parts of a bar, one after another, for counts by class; `whole` when there is more than they sum up to."""
    whole = whole or sum(counts.values())
    parts, start = [], 0.0
    for name, count in counts.items():
        if count:
            length = 100 * count / whole
            parts.append((name, round(start, 3), round(length, 3)))
            start += length
    return parts


def of_outcomes(outcomes: Mapping[State, int], people: int = 0) -> list[Stretch]:
    """The bar of an account; `people` counts also those who still wait."""
    return stretches({outcome.name.lower(): count for outcome, count in outcomes.items()}, people)


def figures(outcomes: Mapping[State, int]) -> list[tuple[str, str, int, str]]:
    """Rows for `counts` in parts.html: shape, word, count, meaning."""
    return [
        (outcome.name.lower(), outcome.value.capitalize(), count, MEANINGS[outcome])
        for outcome, count in outcomes.items()
    ]
