"""Who can be written to. The sender asks this when it plans, and again right before each attempt."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, and_, exists, func, select
from sqlalchemy.orm import Session, aliased

from subscribers.models import State, Subscriber, Suppression


def is_reachable() -> ColumnElement[bool]:
    """A condition over `Subscriber`: subscribed, and the address not suppressed."""
    suppressed = exists().where(Suppression.address_hash == Subscriber.address_hash).correlate(Subscriber)
    return and_(Subscriber.state == State.SUBSCRIBED, ~suppressed)


def reachable() -> Select[int, str]:
    """Everyone who can be written to, by number: id and languages, ready for an INSERT from it.

    It says the same as `is_reachable`, but gathers the suppressed first, so that an index holds all that is read.
    """
    person = aliased(Subscriber)
    suppressed = select(person.id).where(person.address_hash.in_(select(Suppression.address_hash)))
    everyone = select(Subscriber.id, Subscriber.languages).where(Subscriber.state == State.SUBSCRIBED)
    return everyone.where(Subscriber.id.not_in(suppressed)).order_by(Subscriber.id)


def count_by_languages(session: Session) -> dict[str, int]:
    """How many can be written to, by their `languages` as kept.

    The suppressed are counted apart and from their own side, since they are few: to look for each of a million people
    among them takes seconds.
    """
    subscribed = select(Subscriber.languages, func.count()).where(Subscriber.state == State.SUBSCRIBED)
    theirs = and_(Subscriber.address_hash == Suppression.address_hash, Subscriber.state == State.SUBSCRIBED)
    both = select(Subscriber.languages, func.count(Subscriber.id)).select_from(Suppression)
    suppressed = dict(session.execute(both.outerjoin(Subscriber, theirs).group_by(Subscriber.languages)).all())
    rows = session.execute(subscribed.group_by(Subscriber.languages))
    counts = {languages: people - suppressed.get(languages, 0) for languages, people in rows}
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
