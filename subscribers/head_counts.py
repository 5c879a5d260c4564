"""The list in numbers, day by day: what is drawn of its past. Nobody is in it who would have to be erased."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from subscribers.audience import count_by_languages
from subscribers.inserting import insert_new
from subscribers.models import HeadCount, State, Subscriber

LEAST = 5
"""Fewer people of one language are counted with others: nobody is to be guessed from a number."""
MOST = 36
"""Days, weeks or months that are told."""


@dataclass(frozen=True)
class Day:
    """How the list stood at the end of a stretch of time; `place` counts the stretches from the first one told."""

    day: date
    place: int
    subscribed: Mapping[str, int]
    """By the language named first; empty for those who named none, and for languages that few named."""
    others: Mapping[State, int]
    """Those in a pause, and those who left within the last day."""

    @property
    def people(self) -> int:
        return sum(self.subscribed.values())


def keep(session: Session, day: date) -> bool:
    """Count the list for this day, unless it was counted already; says whether it was counted now."""
    if session.scalar(select(HeadCount.day).where(HeadCount.day == day).limit(1)) is not None:
        return False
    rows = [
        {"day": day, "state": state, "language": language, "people": people}
        for state, counts in _counted(session).items()
        for language, people in counts.items()
    ]
    if rows:
        session.execute(insert_new(session, HeadCount), rows)
    return bool(rows)


def told(session: Session) -> list[Day]:
    """The past, the oldest first: by day, by week or by month, whichever is the finest that gives no more than MOST."""
    days = session.scalars(select(HeadCount.day).distinct().order_by(HeadCount.day)).all()
    places = spread(days)
    rows = session.scalars(select(HeadCount).where(HeadCount.day.in_(places))).all()
    return [_day(day, place, [row for row in rows if row.day == day]) for day, place in places.items()]


def spread(days: Sequence[date]) -> dict[date, int]:
    """The last of `days` (in their order) in each stretch, and how many stretches after the first it lies."""
    if not days:
        return {}
    stretches = (date.toordinal, lambda day: (day.toordinal() - 1) // 7, lambda day: day.year * 12 + day.month)
    fitting = (stretch for stretch in stretches if stretch(days[-1]) - stretch(days[0]) < MOST)
    stretch = next(fitting, stretches[-1])
    last = {stretch(day): day for day in days if stretch(days[-1]) - stretch(day) < MOST}
    return {day: number - min(last) for number, day in last.items()}


def first_languages(counts: Mapping[str, int]) -> Counter[str]:
    """Counts by languages as kept become counts by the language that is named first."""
    first: Counter[str] = Counter()
    for languages, people in counts.items():
        first[languages.partition(",")[0]] += people
    return first


def _counted(session: Session) -> dict[State, dict[str, int]]:
    counting = select(Subscriber.state, func.count()).where(Subscriber.state != State.SUBSCRIBED)
    others = {state: {"": people} for state, people in session.execute(counting.group_by(Subscriber.state))}
    return {State.SUBSCRIBED: _together(first_languages(count_by_languages(session))), **others}


def _together(counts: Mapping[str, int]) -> dict[str, int]:
    """Languages of fewer than LEAST people count among those who named none."""
    large = {language: people for language, people in counts.items() if language and people >= LEAST}
    rest = sum(counts.values()) - sum(large.values())
    return large | ({"": rest} if rest else {})


def _day(day: date, place: int, rows: Sequence[HeadCount]) -> Day:
    counts: dict[State, dict[str, int]] = {}
    for row in rows:
        counts.setdefault(row.state, {})[row.language] = row.people
    subscribed = counts.pop(State.SUBSCRIBED, {})
    return Day(day, place, subscribed, {state: sum(each.values()) for state, each in counts.items()})
