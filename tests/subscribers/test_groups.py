"""Groups hold readers by number, come back for a day after they were taken away, and lose who is erased."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from newsletter.db import Database
from subscribers import groups, removing
from subscribers.errors import NotFound, SubscriberError
from subscribers.models import Group, GroupMember, State, Subscriber

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def readers(session: Session, count: int) -> list[int]:
    people = [
        Subscriber(address_hash=bytes([number]) * 32, sealed_address=b"", state=State.SUBSCRIBED)
        for number in range(count)
    ]
    session.add_all(people)
    session.flush()
    return [person.id for person in people]


def test_people_are_put_in_once_and_taken_out_by_number_or_by_query(database: Database) -> None:
    with database.write() as session:
        ana, ben, cho = readers(session, 3)
        press = groups.make(session, " The  press ").id
        assert groups.put_in(session, press, [ana, ben, 999]) == 2
        assert groups.put_in(session, press, select(Subscriber.id)) == 1
        assert groups.take_out(session, press, select(Subscriber.id).where(Subscriber.id == ben)) == 1
        session.execute(delete(Subscriber).where(Subscriber.id == cho))
        assert [group.name for group in groups.groups(session)] == ["The press"]
        assert groups.counts(session) == {press: 1}
        assert groups.of_person(session, ana) == {press}


def test_a_person_is_put_into_the_chosen_groups_and_no_others(database: Database) -> None:
    with database.write() as session:
        (ana,) = readers(session, 1)
        press, funders, members = (groups.make(session, name).id for name in ("Press", "Funders", "Members"))
        groups.put_in(session, press, [ana])
        groups.put_only_in(session, ana, {funders, members, 999})
        assert groups.of_person(session, ana) == {funders, members}


@pytest.mark.parametrize(
    ("name", "slug"),
    [("", ""), ("press", ""), ("Other", "news"), ("x" * 81, ""), ("Other", "a/b"), ("Other", "-a"), ("Other", "é")],
)
def test_a_group_that_does_not_fit_is_not_made(database: Database, name: str, slug: str) -> None:
    with database.write() as session:
        press = groups.make(session, "Press", "news")
        with pytest.raises(SubscriberError):
            groups.make(session, name, slug)
        groups.change(session, press, "PRESS", "News ")
        assert (press.name, groups.with_page(session, "news")) == ("PRESS", press.id)


def test_a_group_taken_away_can_be_brought_back_for_a_day(database: Database) -> None:
    with database.write() as session:
        press = groups.make(session, "Press", "news").id
        groups.put_in(session, press, readers(session, 2))
        assert removing.remove(session, Group, press, NOW)
        assert not removing.remove(session, Group, press, NOW), "once"
        assert groups.groups(session) == []
        assert groups.with_page(session, "news") is None
        with pytest.raises(NotFound):
            groups.find(session, press)
        removing.forget_removed(session, NOW + timedelta(hours=23))
        assert removing.bring_back(session, Group, press)
        assert groups.counts(session) == {press: 2}
        assert groups.with_page(session, "news") == press
        removing.remove(session, Group, press, NOW)
        other = groups.make(session, "Other", "news").id
        assert removing.bring_back(session, Group, press)
        assert groups.with_page(session, "news") == other, "the address was given away meanwhile"
        removing.remove(session, Group, other, NOW)
        removing.remove(session, Group, press, NOW)
        removing.forget_removed(session, NOW + timedelta(days=1))
        assert not removing.bring_back(session, Group, press)
        assert session.scalar(select(func.count()).select_from(GroupMember)) == 0
        assert groups.make(session, "Press", "news").id != press, "a number is never given twice"
