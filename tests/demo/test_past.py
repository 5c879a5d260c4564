"""The made-up year before the story, for the readers' picture."""

from datetime import UTC, date, datetime
from pathlib import Path

from newsletter.db import Database
from newsletter.demo import past
from subscribers import head_counts
from subscribers.consent import Wording
from subscribers.head_counts import LEAST
from subscribers.importing import Agreed, Tools, take_in
from subscribers.keys import Keys
from subscribers.vault import Vault
from tests.journals import journal

READERS = Path(past.__file__).parent / "content" / "readers.csv"
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def test_a_year_of_growth_ends_at_the_readers_there_are(database: Database) -> None:
    tools = Tools(database.read, database.write, Vault(Keys.fresh()), journal(), lambda: NOW)
    with READERS.open("rb") as file:
        take_in(tools, file, READERS.name, Agreed(Wording("en", "Made up."), NOW.date()))
    with database.write() as session:
        past.make_up(session, NOW.date())
        told = head_counts.told(session)
    people = [day.people for day in told]
    assert people == sorted(people)
    assert (told[0].day, told[-1].day, people[-1]) == (date(2025, 12, 31), NOW.date(), 24)
    assert [day.place for day in told] == list(range(12))
    assert all(count >= LEAST for day in told for language, count in day.subscribed.items() if language)
