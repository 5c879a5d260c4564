"""Readers by language, for who may know it: who may not see addresses sees no language that fewer than LEAST read.

Small languages stand together; and where they are still few, the next larger one joins them: else the sum would give
them away.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import Request

from newsletter.delivery.models import State
from newsletter.web import spoken
from newsletter.web.access import ROLES, member_of
from subscribers.head_counts import LEAST


@dataclass(frozen=True)
class Tongue:
    """Readers of this language; several languages together have none."""

    language: str
    people: int


def sees_addresses(request: Request) -> bool:
    """Whether this member may look readers up, and so count them exactly."""
    return member_of(request).role in ROLES["reader_find"]


def apart(counts: Mapping[str, int], *, exact: bool = False) -> list[Tongue]:
    """Readers by language, the largest first; not `exact`: the small languages together, at the end."""
    tongues = sorted((Tongue(tag, count) for tag, count in counts.items() if count), key=lambda tongue: -tongue.people)
    others = 0
    while not exact and tongues and (tongues[-1].people < LEAST or 0 < others < LEAST):
        others += tongues.pop().people
    return [*tongues, Tongue("", others)] if others else tongues


def rows(counts: Mapping[str, Mapping[State, int]], *, exact: bool) -> dict[str, Mapping[State, int]]:
    """The account of a mailing by language, in its order; not `exact`: the small languages in a row without a name, and
    no row where that would be the only one."""
    alone = {tongue.language for tongue in apart({tag: sum(row.values()) for tag, row in counts.items()}, exact=exact)}
    named: dict[str, Mapping[State, int]] = {tag: row for tag, row in counts.items() if tag in alone}
    others: Counter[State] = Counter()
    for tag in counts.keys() - alone:
        others.update(counts[tag])
    return named | {"": others} if named and others else named


def told(counts: Mapping[str, int], *, exact: bool) -> dict[str, str]:
    """How many read each language, in words where it is not said."""
    alone = {tongue.language for tongue in apart(counts, exact=exact)}
    few, more = f"fewer than {LEAST}", f"{LEAST} or more"
    return {
        tag: spoken.number(count) if tag in alone or not count else few if count < LEAST else more
        for tag, count in counts.items()
    }
