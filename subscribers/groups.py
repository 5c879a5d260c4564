"""Groups: labels that the list keeper gives to readers, such as press or funders. Readers do not see them."""

import re
from collections.abc import Collection
from typing import Any, cast

from sqlalchemy import CursorResult, Select, delete, func, literal, select
from sqlalchemy.orm import Session

from subscribers.errors import NotFound, SubscriberError
from subscribers.inserting import insert_new
from subscribers.models import Group, GroupMember, State, Subscriber
from subscribers.names import tidy

LONGEST = 80
_SLUG = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", re.ASCII)

People = Collection[int] | Select[int]
"""Subscriber ids: some thousands at once, or a query for any number."""


def groups(session: Session) -> list[Group]:
    """All groups, by name."""
    return list(session.scalars(select(Group).where(Group.removed_at.is_(None)).order_by(Group.name, Group.id)))


def find(session: Session, number: int) -> Group:
    """The group of this number. Raises NotFound."""
    group = session.get(Group, number)
    if group is None or group.removed_at:
        raise NotFound("There is no such group any more.")
    return group


def make(session: Session, name: str, slug: str = "") -> Group:
    """A new group; with a `slug` it gets a page of its own. Raises SubscriberError where either does not fit."""
    group = Group()
    change(session, group, name, slug)
    session.add(group)
    session.flush()
    return group


def change(session: Session, group: Group, name: str, slug: str) -> None:
    """Give the group another name and page. Raises SubscriberError; then nothing was changed."""
    called, page = tidy(name, LONGEST), slug.strip().lower()
    if not called:
        raise SubscriberError("A group needs a name.")
    if page and not _SLUG.fullmatch(page):
        raise SubscriberError("The address of a page is made of letters a to z, digits and hyphens, 40 at most.")
    for other in groups(session):
        if other.id != group.id and other.name.casefold() == called.casefold():
            raise SubscriberError(f"There is a group “{other.name}” already.")
        if other.id != group.id and page and other.slug == page:
            raise SubscriberError(f"The page of “{other.name}” has that address already.")
    group.name, group.slug = called, page or None


def with_page(session: Session, slug: str) -> int | None:
    """The number of the group whose page has this address."""
    return session.scalar(select(Group.id).where(Group.slug == slug, Group.removed_at.is_(None)))


def put_in(session: Session, group: int, people: People) -> int:
    """Put these people into the group, and say how many were not in it before. Who was erased meanwhile is passed by.

    One statement. Somebody who left keeps their groups until they are erased, as they may come back.
    """
    rows = select(Subscriber.id, literal(group)).where(Subscriber.id.in_(people))
    insert = insert_new(session, GroupMember).from_select(["subscriber_id", "group_id"], rows)
    result = session.execute(insert, execution_options={"preserve_rowcount": True})
    return cast(CursorResult[Any], result).rowcount


def take_out(session: Session, group: int, people: People) -> int:
    """Take these people out of the group, and say how many were in it."""
    gone = delete(GroupMember).where(GroupMember.group_id == group, GroupMember.subscriber_id.in_(people))
    return cast(CursorResult[Any], session.execute(gone)).rowcount


def of_person(session: Session, subscriber: int) -> set[int]:
    """The numbers of the groups that a person is in."""
    mine = select(GroupMember.group_id).where(GroupMember.subscriber_id == subscriber)
    return set(session.scalars(mine.join(Group, Group.id == GroupMember.group_id).where(Group.removed_at.is_(None))))


def put_only_in(session: Session, subscriber: int, wanted: Collection[int]) -> None:
    """Put a person into those of the present groups that are `wanted`, and into no other."""
    for group in groups(session):
        (put_in if group.id in wanted else take_out)(session, group.id, [subscriber])


def counts(session: Session) -> dict[int, int]:
    """How many readers are in each group, by its number; an empty one is not in it."""
    reading = select(GroupMember.group_id, func.count().label("people")).join(
        Subscriber, Subscriber.id == GroupMember.subscriber_id
    )
    rows = session.execute(reading.where(Subscriber.state == State.SUBSCRIBED).group_by(GroupMember.group_id))
    return {row.group_id: row.people for row in rows}
