"""The draft that makes itself: on its day and once, whoever is late or comes twice, with a letter to the editors."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from threading import Barrier, Event
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from issues import composing
from issues.models import Fallback, Issue
from newsletter.config import Settings
from newsletter.db import Database
from newsletter.delivery.message import Letterhead
from newsletter.desk import habits
from newsletter.desk.habits import Habits
from newsletter.desk.models import Deed, Member, Role
from newsletter.drafting import begin_anew, draft_due, due_day, is_due, next_moment
from newsletter.notices.models import Notice
from newsletter.notices.outbox import Postroom, send_waiting
from newsletter.publishing import Press
from newsletter.transports.maildir import MaildirTransport
from subscribers.addresses import normal
from subscribers.keys import Keys
from subscribers.vault import Vault
from tests.issues.drafted import shelf
from tests.issues.sample import BRAND
from tests.journals import journal

NEW_YORK = ZoneInfo("America/New_York")
DAY = datetime(2021, 11, 20, 14, tzinfo=UTC)
"""Nine in the morning in New York, on the day of the draft."""
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@dataclass
class House:
    """A newsletter with its habits kept, an owner, an editor and a translator."""

    database: Database
    vault: Vault
    settings: Settings
    press: Press

    def draft(self, now: datetime) -> str:
        """The slug of what was drafted, or nothing."""
        with self.database.write() as session:
            issue = draft_due(session, self.vault, self.settings, self.press, now)
            return issue.slug if issue else ""

    def count(self, table: type[Issue | Notice | Deed]) -> int:
        with self.database.read() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0

    def mails(self, folder: Path, now: datetime) -> list[str]:
        """Send what waits; the mails as text, line ends of quoted-printable taken out."""
        room = Postroom(self.database, self.vault, "News <news@example.org>", "", lambda: now, journal())
        send_waiting(room, MaildirTransport(folder), Event())
        return [file.read_text().replace("=\n", "") for file in sorted((folder / "new").iterdir())]


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    vault = Vault(Keys.fresh())
    settings = Settings(
        home=tmp_path, timezone="America/New_York", base_url="https://news.example.org", languages="en,es"
    )
    press = Press(BRAND, Letterhead("News <news@example.org>", "", "news.example.org"), settings.base_url)
    with database.write() as session:
        habits.keep(session, {"draft_day": "20", "draft_at": "09:00"})
        shelf(session)
        for role in (Role.OWNER, Role.EDITOR, Role.TRANSLATOR):
            known = normal(f"{role.name.lower()}@example.org")
            sealed = vault.seal_address(known.text, vault.hash(known))
            member = Member(
                address_hash=vault.hash(known), sealed_address=sealed, name=role, role=role, languages="", joined_at=DAY
            )
            session.add(member)
    return House(database, vault, settings, press)


def local(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=NEW_YORK).astimezone(UTC)


@pytest.mark.parametrize(
    ("day", "at", "now", "due"),
    [
        (0, 9, local(2021, 11, 20, 9), None),
        (20, 9, local(2021, 11, 20, 8, 59), None),
        (20, 9, local(2021, 11, 20, 9), "2021-11-20"),
        (1, 9, local(2021, 11, 29, 9), "2021-11-01"),  # late, in the same month
        (31, 9, local(2021, 2, 28, 9), "2021-02-28"),
        (31, 23, local(2021, 12, 1, 3), "2021-11-30"),  # late by a night, in another month
        (20, 9, local(2021, 12, 1, 3), None),  # of months that were missed, none
        (14, 2, datetime(2021, 3, 14, 6, 59, tzinfo=UTC), None),  # at 2:00 the clocks go forward to 3:00
        (14, 2, datetime(2021, 3, 14, 7, 0, tzinfo=UTC), "2021-03-14"),
        (7, 1, datetime(2021, 11, 7, 5, 0, tzinfo=UTC), "2021-11-07"),  # 1:00 comes twice; the first counts
        (8, 9, datetime(2021, 11, 8, 13, 59, tzinfo=UTC), None),  # a day earlier, 9:00 was at 13:00 in UTC
    ],
)
def test_a_draft_is_due_at_its_hour_in_the_newsletters_zone(day: int, at: int, now: datetime, due: str | None) -> None:
    found = due_day(Habits(draft_day=day, draft_at=time(at)), NEW_YORK, now)
    assert (str(found) if found else None) == due


def test_the_next_one_is_known_across_a_change_of_the_clocks() -> None:
    habit = Habits(draft_day=10, draft_at=time(9))
    assert next_moment(habit, NEW_YORK, local(2021, 11, 1, 9)) == local(2021, 11, 10, 9)
    assert next_moment(habit, NEW_YORK, local(2021, 3, 10, 9)) == datetime(2021, 4, 10, 13, tzinfo=UTC)
    assert next_moment(Habits(), NEW_YORK, DAY) is None


def test_two_who_come_at_once_make_one_draft_and_one_letter_each(house: House) -> None:
    both = Barrier(2)

    def come(_: int) -> str:
        both.wait()
        return house.draft(DAY)

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(come, range(2))) == ["", "2021-11"]
    assert (house.count(Issue), house.count(Notice), house.count(Deed)) == (1, 2, 1)
    with house.database.read() as session:
        assert not is_due(session, NEW_YORK, DAY)
        assert is_due(session, NEW_YORK, DAY + timedelta(days=30))


@ON_SQLITE
def test_owners_and_editors_read_what_each_language_lacks(house: House, tmp_path: Path) -> None:
    house.draft(DAY + timedelta(minutes=7))
    mails = house.mails(tmp_path / "out", DAY + timedelta(minutes=8))
    assert sorted(line for mail in mails for line in mail.splitlines() if line.startswith("To:")) == [
        "To: <editor@example.org>",
        "To: <owner@example.org>",
    ]
    text = mails[0].split("text/html")[0]
    assert "Subject: November is drafted from 3 new resources" in text
    assert "\nEnglish: 7 to read and approve.\n" in text
    assert "\nSpanish: 2 missing, 5 to read and approve.\n" in text
    assert "\nTo mend before it goes: A text is missing, in 2 places (Spanish).\n" in text
    assert "\nhttps://news.example.org/desk/issues/2021-11\n" in text
    with house.database.read() as session:
        assert b"example.org" not in b"".join(notice.sealed_address for notice in session.scalars(select(Notice)))


@ON_SQLITE
def test_an_issue_that_is_there_is_left_alone_and_nobody_is_written_to(house: House) -> None:
    with house.database.write() as session:
        month = DAY.date().replace(day=1)
        languages = ("en",)
        composing.draft(session, slug="november", month=month, languages=languages, fallback=Fallback.LABEL, now=DAY)
    assert house.draft(DAY) == ""
    assert (house.count(Issue), house.count(Notice)) == (1, 0)


@ON_SQLITE
def test_where_nothing_is_new_there_is_no_draft_but_a_letter_and_only_one(house: House, tmp_path: Path) -> None:
    assert house.draft(DAY) == "2021-11"
    assert house.draft(DAY + timedelta(days=30)) == ""
    assert house.draft(DAY + timedelta(days=30, hours=1)) == ""
    assert (house.count(Issue), house.count(Notice)) == (1, 4)
    mails = house.mails(tmp_path / "out", DAY + timedelta(days=30, hours=1))
    assert sum("Subject: No draft of December: nothing new came" in mail for mail in mails) == 2


@ON_SQLITE
def test_another_day_that_was_named_counts_from_the_next_one(house: House) -> None:
    with house.database.write() as session:
        habits.keep(session, {"draft_day": "5"})
        begin_anew(session, NEW_YORK, DAY)
    assert house.draft(DAY) == ""
    with house.database.read() as session:
        assert is_due(session, NEW_YORK, local(2021, 12, 5, 9))
