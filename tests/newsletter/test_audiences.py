"""A mailing goes to its audience: whoever all clauses hold for when it opens, and nobody else."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import and_, func, select, update

from newsletter import audiences
from newsletter.db import Database
from newsletter.delivery import planning
from newsletter.delivery.models import Delivery, Mailing, MailingState, State
from subscribers import groups, removing, topics
from subscribers.audience import within
from subscribers.grammar import parse
from subscribers.models import Consent, Group, Subscriber, Suppression, Topic
from subscribers.models import State as SubscriberState
from tests.newsletter.conftest import NOW, Newsroom

NAMES = ("ana", "ben", "cho", "dan", "eva")
OUTCOMES = (State.ACCEPTED, State.REFUSED, State.IN_DOUBT, State.PENDING)


@pytest.fixture
def people(newsroom: Newsroom) -> dict[int, str]:
    """Five readers, Spanish from the third on. Group 1: ana, cho. Topic 1: not for ana, ben. Issue 2021-10 went to the
    first four, with outcomes of each kind. Cho joined a month ago, and agreed more often than once. Fay is suppressed,
    and in all of it."""
    numbers = [*newsroom.add("ana", "ben"), *newsroom.add("cho", "dan", "eva", "fay", languages="es,en")]
    mailing = newsroom.schedule("2021-10")
    with newsroom.office.database.write() as session:
        groups.put_in(session, groups.make(session, "Press").id, [numbers[0], numbers[2], numbers[5]])
        housing = topics.make(session, {"en": "Housing"}).id
        for number in numbers[:2]:
            topics.choose(session, number, wanted=(), unwanted=[housing])
        planning.open_due(session, NOW)
        session.execute(update(Mailing).values(state=MailingState.FINISHED))
        for number, state in zip(numbers, OUTCOMES, strict=False):
            session.execute(update(Delivery).where(Delivery.subscriber_id == number).values(state=state))
        gone = session.scalars(select(Delivery).where(Delivery.subscriber_id == numbers[4])).one()
        session.delete(gone)
        month_ago = (NOW - timedelta(days=30)).date()
        session.execute(update(Consent).where(Consent.subscriber_id == numbers[2]).values(confirmed_on=month_ago))
        more: dict[str, Any] = {"subscriber_id": numbers[2], "wording_id": 1, "came_by": "form"}
        long_ago = {"confirmed_on": date(2020, 1, 1), "withdrawn_on": month_ago}
        for days in ({"confirmed_on": NOW.date()}, {"asked_on": NOW.date()}, long_ago):
            session.add(Consent(**more, **days))
        address_hash = session.get_one(Subscriber, numbers[5]).address_hash
        session.add(Suppression(address_hash=address_hash, reason="left", day=date(2021, 11, 1)))
    assert mailing == 1
    return dict(zip(numbers, NAMES, strict=False))


AUDIENCES = {
    "everyone": "ana ben cho dan eva",
    "language es": "cho dan eva",
    "language en,es": "ana ben cho dan eva",
    "language vi": "",
    "group 1": "ana cho",
    "language es; group 1,7": "cho",
    "group 7": "",
    "topic 1": "cho dan eva",
    "group 1; topic 1,7": "cho",
    "topic 7": "",
    "joined after 2021-10-31": "ana ben dan eva",
    "joined before 2021-11-01": "cho",
    "joined after 2021-10-30; joined before 2021-11-01": "cho",
    "got 2021-10": "ana",
    "not got 2021-10": "ben eva",
    "language es; not got 2021-10": "eva",
    "not got 2021-09": "",
    "got 2021-09,2021-10": "ana",
}


def test_whom_all_clauses_hold_for_is_counted_and_written_to(newsroom: Newsroom, people: dict[int, str]) -> None:
    for number, (audience, who) in enumerate(AUDIENCES.items()):
        chosen = parse(audience)
        mailing = newsroom.schedule(f"2021-11-{number}", audience=chosen)
        with newsroom.office.database.write() as session:
            assert session.get_one(Mailing, mailing).audience == audience
            expected = planning.expected(session, ["en", "es"], chosen)
            planning.open_due(session, NOW)
            rows = session.scalars(select(Delivery.subscriber_id).where(Delivery.mailing_id == mailing))
            assert sorted(people[number] for number in rows if number) == who.split(), audience
        counted = newsroom.account(mailing).by_language
        assert {tag: sum(counted.get(tag, {}).values()) for tag in ("en", "es")} == expected, audience


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_joined_when_is_counted_from_indices_alone(database: Database) -> None:
    """Of a million, rows would be read one by one from all over the disk."""
    audience = parse("joined after 2021-10-30; joined before 2021-11-01")
    among = and_(Subscriber.state == SubscriberState.SUBSCRIBED, *within(audience))
    counting = select(Subscriber.languages, func.count()).where(among).group_by(Subscriber.languages)
    with database.engine.connect() as connection:
        asked = counting.compile(connection, compile_kwargs={"literal_binds": True})
        steps = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}")]
    read = [step for step in steps if step.startswith(("SEARCH", "SCAN"))]
    assert len(read) == 3
    assert all("COVERING INDEX" in step for step in read), read


def test_what_was_taken_away_or_forgotten_holds_for_nobody(newsroom: Newsroom, people: dict[int, str]) -> None:
    with newsroom.office.database.write() as session:
        removing.remove(session, Group, 1, NOW)
        removing.remove(session, Topic, 1, NOW)
        session.execute(update(Delivery).values(subscriber_id=None))
        for audience in ("group 1", "topic 1", "got 2021-10", "not got 2021-10"):
            assert sum(planning.expected(session, ["en"], parse(audience)).values()) == 0, audience


IN_WORDS = {
    "everyone": "everyone",
    "language es,vi": "readers of Spanish or Vietnamese",
    "language es; group 1; not got 2021-10": "readers of Spanish who are in the group “Press” and did not get 2021-10",
    "group 1,7; topic 1": "readers who are in the group “Press” or one that is gone and want the topic “Housing”",
    "joined after 2021-05-01; got 1,2": "readers who joined after 1 May 2021 and got 1 or 2",
}


def test_an_audience_is_said_in_words(database: Database) -> None:
    with database.write() as session:
        groups.make(session, "Press")
        topics.make(session, {"en": "Housing", "es": "Vivienda"})
        assert {text: audiences.in_words(session, parse(text)) for text in IN_WORDS} == IN_WORDS


def test_what_is_not_there_is_named_and_what_waits_for_a_group_too(newsroom: Newsroom, people: dict[int, str]) -> None:
    waiting = newsroom.schedule("2021-11", audience=parse("group 1"))
    with newsroom.office.database.write() as session:
        named = ("group 1; topic 1; language es; got 2021-10", "group 1,9", "topic 9", "language vi", "not got 2021-09")
        lacks = [audiences.lacking(session, parse(text), ["en", "es"]) for text in named]
        assert audiences.waiting_for(session, Group, 1) == waiting
        assert audiences.waiting_for(session, Topic, 1) is None
        planning.open_due(session, NOW)
        assert audiences.waiting_for(session, Group, 1) is None
    assert lacks == [
        "",
        "there is no group 9",
        "there is no topic 9",
        "there is no edition in vi",
        "there is no list any more of who got 2021-09",
    ]
