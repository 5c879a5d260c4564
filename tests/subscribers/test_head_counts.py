"""The list in numbers: once a day, without anybody behind them, and told in as many stretches as fit a picture."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from newsletter.db import Database
from subscribers import head_counts, leaving, people
from subscribers.consent import Wording, wording_id
from subscribers.head_counts import LEAST, MOST, spread
from subscribers.models import HeadCount, State, Subscriber
from subscribers.vault import Vault
from tests.journals import journal

DAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def join(database: Database, vault: Vault, languages: str, count: int) -> None:
    with database.write() as session:
        rows = [
            people.sealed(
                vault, address=f"r{n}@{languages.replace(',', '-')}.example.org", name="", languages=languages
            )
            for n in range(count)
        ]
        people.enrol(session, rows, wording=wording_id(session, Wording("en", "Yes.")), came_by="added", now=NOW)


def test_a_day_is_counted_once_and_few_people_are_counted_with_others(database: Database, vault: Vault) -> None:
    join(database, vault, "es,en", LEAST)
    join(database, vault, "en", 2)
    with database.write() as session:
        leaving.leave(
            session,
            journal(),
            session.scalars(select(Subscriber.id).where(Subscriber.languages == "en")).first() or 0,
            NOW,
        )
        assert head_counts.keep(session, DAY)
    join(database, vault, "vi", 9)
    with database.write() as session:
        assert not head_counts.keep(session, DAY), "the day was counted already"
        assert head_counts.keep(session, DAY + timedelta(days=1))
    with database.read() as session:
        first, second = head_counts.told(session)
        assert first.subscribed == {"es": LEAST, "": 1}
        assert first.others == {State.LEFT: 1}
        assert (second.place, second.subscribed["vi"], second.people) == (1, 9, LEAST + 10)
        assert session.query(HeadCount).filter_by(language="en").count() == 0


def test_an_empty_list_has_no_past(database: Database) -> None:
    with database.write() as session:
        assert not head_counts.keep(session, DAY)
        assert head_counts.told(session) == []


@pytest.mark.parametrize(
    ("known", "told", "last_place"),
    [(1, 1, 0), (MOST, MOST, MOST - 1), (MOST + 1, 6, 5), (365, 13, 12), (5 * 365, MOST, MOST - 1)],
)
def test_the_past_is_told_by_day_by_week_or_by_month(known: int, told: int, last_place: int) -> None:
    days = [DAY - timedelta(days=known - 1 - number) for number in range(known)]
    places = spread(days)
    assert len(places) == told
    assert places[DAY] == last_place


def test_days_on_which_nobody_counted_stay_open() -> None:
    assert list(spread([DAY, DAY + timedelta(days=3)]).values()) == [0, 3]
