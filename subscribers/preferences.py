"""How a reader wants the newsletter: languages in order, HTML or plain text, a pause of some months."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from subscribers import roll
from subscribers.languages import normal
from subscribers.models import State, Subscriber

LONGEST_PAUSE = 6
"""Months."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """What one reader chose."""

    languages: str
    plain_text: bool
    paused_until: date | None


def preferences(session: Session, subscriber_id: int) -> Preferences | None:
    """What this reader chose; nothing where they are off the list."""
    chosen = select(Subscriber.languages, Subscriber.plain_text, Subscriber.paused_until)
    row = session.execute(chosen.where(Subscriber.id == subscriber_id, Subscriber.state != State.LEFT)).one_or_none()
    return None if row is None else Preferences(*row)


def change(
    session: Session, subscriber_id: int, *, languages: str, plain_text: bool, pause: int | None, now: datetime
) -> Preferences | None:
    """Keep what this reader chose now, and say it; nothing where they are off the list. Raises BadLanguage.

    `pause` is a number of months from today, 0 for none, or nothing to leave it as it is.
    """
    values = {"languages": normal(languages), "plain_text": plain_text}
    if pause is not None:
        values |= _pause(months_later(now.date(), min(pause, LONGEST_PAUSE)) if pause > 0 else None)
    reader = update(Subscriber).where(Subscriber.id == subscriber_id, Subscriber.state != State.LEFT)
    session.execute(reader.values(**values), execution_options={"synchronize_session": False})
    roll.own_will(session, subscriber_id)
    return preferences(session, subscriber_id)


def end_pauses(session: Session, now: datetime) -> None:
    """Put everyone back whose pause is over. Nobody who left meanwhile: they are in no pause."""
    over = update(Subscriber).where(Subscriber.state == State.PAUSED, Subscriber.paused_until <= now.date())
    session.execute(over.values(**_pause(None)), execution_options={"synchronize_session": False})


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or the last there is."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _pause(until: date | None) -> dict[str, object]:
    return {"paused_until": until, "state": State.SUBSCRIBED if until is None else State.PAUSED}
