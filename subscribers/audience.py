"""Who can be written to. The sender asks this when it plans, and again right before each attempt."""

from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from subscribers.grammar import Audience
from subscribers.models import Consent, Group, GroupMember, State, Subscriber, Suppression, Topic, UnwantedTopic


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


def within(audience: Audience) -> list[ColumnElement[bool]]:
    """Conditions over `Subscriber`, as far as this room knows: groups, topics, days. None for everyone."""
    conditions: list[ColumnElement[bool]] = []
    if audience.groups:
        conditions.append(_is_in(audience.groups))
    if audience.topics:
        conditions.append(or_(*map(_wants, sorted(audience.topics))))
    if audience.joined_after or audience.joined_before:
        conditions += _joined(audience.joined_after, audience.joined_before)
    return conditions


def count_by_languages(session: Session, *among: ColumnElement[bool]) -> dict[str, int]:
    """How many can be written to, by their `languages` as kept; of those `among` whom all conditions hold.

    The suppressed are counted apart and from their own side, since they are few: to look for each of a million people
    among them takes seconds.
    """
    is_on_list = and_(Subscriber.state == State.SUBSCRIBED, *among)
    theirs = and_(Subscriber.address_hash == Suppression.address_hash, is_on_list)
    both = select(Subscriber.languages, func.count(Subscriber.id)).select_from(Suppression)
    suppressed = dict(session.execute(both.outerjoin(Subscriber, theirs).group_by(Subscriber.languages)).all())
    subscribed = select(Subscriber.languages, func.count()).where(is_on_list)
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


def _is_in(groups: Collection[int]) -> ColumnElement[bool]:
    """Asked of each reader: told a list of their numbers, SQLite goes through it for each of the suppressed."""
    theirs = exists().where(GroupMember.group_id == Group.id, GroupMember.subscriber_id == Subscriber.id)
    return theirs.where(Group.id.in_(groups), Group.removed_at.is_(None)).correlate(Subscriber)


def _wants(topic: int) -> ColumnElement[bool]:
    """Whoever does not do without it; nobody wants one that is there no more."""
    unwanted = exists().where(UnwantedTopic.topic_id == topic, UnwantedTopic.subscriber_id == Subscriber.id)
    return and_(exists().where(Topic.id == topic, Topic.removed_at.is_(None)), ~unwanted.correlate(Subscriber))


def _joined(after: date | None, before: date | None) -> list[ColumnElement[bool]]:
    """On the first day of their consents that stand. Asked by whether there are such days: an index tells it sooner
    than which of them is the first."""
    day = Consent.confirmed_on
    theirs = select(day).where(Consent.subscriber_id == Subscriber.id, Consent.withdrawn_on.is_(None))
    standing = theirs.correlate(Subscriber)
    wanted = [day > after] if after else []
    wanted += [day < before] if before else []
    conditions: list[ColumnElement[bool]] = [standing.where(*wanted).exists()]
    if after:
        conditions.append(~standing.where(day <= after).exists())
    return conditions
