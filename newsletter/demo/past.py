"""The year before the story: made-up numbers, so that the readers' picture has a past to show."""

from datetime import date, timedelta

from sqlalchemy.orm import Session

from subscribers import head_counts
from subscribers.head_counts import LEAST
from subscribers.models import HeadCount, State

MONTHS = 11
_GROWTH = 0.055
"""The share of today's readers who came in each of these months."""


def make_up(session: Session, today: date) -> None:
    """Count the list of today, and say that it grew to this in a year. A language appears once LEAST people read it."""
    head_counts.keep(session, today)
    day = today
    now = head_counts.told(session)[-1].subscribed
    for back in range(1, MONTHS + 1):
        day = day.replace(day=1) - timedelta(days=1)
        then = {language: round(people * (1 - back * _GROWTH)) for language, people in now.items()}
        large = {language: people for language, people in then.items() if language and people >= LEAST}
        large[""] = sum(then.values()) - sum(large.values())
        session.add_all(
            HeadCount(day=day, state=State.SUBSCRIBED, language=language, people=people)
            for language, people in large.items()
            if people
        )
    session.flush()
