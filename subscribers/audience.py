"""Who can be written to. The sender asks this when it plans, and again right before each attempt."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, and_, exists, func, select
from sqlalchemy.orm import Session

from subscribers.models import State, Subscriber, Suppression


def is_reachable() -> ColumnElement[bool]:
    """A condition over `Subscriber`: subscribed, and the address not suppressed."""
    suppressed = exists().where(Suppression.address_hash == Subscriber.address_hash).correlate(Subscriber)
    return and_(Subscriber.state == State.SUBSCRIBED, ~suppressed)


def reachable() -> Select[int, str]:
    """Everyone who can be written to: id and languages, ready for an INSERT from it."""
    return select(Subscriber.id, Subscriber.languages).where(is_reachable())


def count_by_languages(session: Session) -> dict[str, int]:
    """How many can be written to, by their `languages` as kept.

    Counted apart from the suppressed, who are few: to look for each person among them takes seconds for a long list.
    """
    counting = select(Subscriber.languages, func.count()).where(Subscriber.state == State.SUBSCRIBED)
    counting = counting.group_by(Subscriber.languages)
    subscribed = session.execute(counting).all()
    same = Suppression.address_hash == Subscriber.address_hash
    suppressed = dict(session.execute(counting.join(Suppression, same)).all())
    counts = {languages: people - suppressed.get(languages, 0) for languages, people in subscribed}
    return {languages: people for languages, people in counts.items() if people > 0}


def preferred(languages: str, available: Sequence[str]) -> str | None:
    """The first of a person's `languages` that is `available`: the very tag, else its language ("es-MX" reads "es").

    Nothing where none is.
    """
    for tag in languages.lower().split(","):
        for candidate in (tag, tag.partition("-")[0]):
            if candidate in available:
                return candidate
    return None
