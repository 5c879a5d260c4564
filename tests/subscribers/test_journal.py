"""The journal: durable before the database is, whole after a crash, replayed where a database was put back."""

import stat
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from newsletter.db import Database
from subscribers import joining, journal, people, retention, roll
from subscribers.addresses import normal
from subscribers.consent import Wording
from subscribers.errors import SubscriberError
from subscribers.journal import Journal, Lag
from subscribers.journal_file import WIDTH, JournalFile, Kind, Line, numbered
from subscribers.leaving import Standing, leave, standing, undo
from subscribers.models import Consent, JournalPlace, SignUp, State, Subscriber, Suppression
from subscribers.vault import Vault

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
TODAY = NOW.date()
TOLD = Wording("en", "One mail a month.")
ANA = b"a" * 32


@dataclass
class List:
    """A list with its journal, beside keys of its own."""

    database: Database
    vault: Vault
    journal: Journal

    def add(self, name: str) -> int:
        with self.database.write() as session:
            told: dict[str, Any] = {"came_by": "added", "wording": TOLD, "now": NOW}
            address = f"{name}@example.org"
            return people.add(session, self.vault, address=address, name=name, languages="", **told).id

    def leave(self, person: int, now: datetime = NOW) -> None:
        with self.database.write() as session:
            leave(session, self.journal, person, now)

    def beat(self) -> None:
        with self.database.write() as session:
            beat = journal.next_beat(session, self.journal, TODAY)
        if beat:
            journal.note_beat(beat)

    def lag(self) -> Lag:
        with self.database.write() as session:
            return journal.lag(session, self.journal, TODAY)

    def is_in_step(self) -> bool:
        with self.database.read() as session:
            return journal.is_in_step(session, self.journal)

    def hash(self, name: str) -> bytes:
        return self.vault.hash(normal(f"{name}@example.org"))

    @property
    def file(self) -> JournalFile:
        (path,) = self.journal.keys.parent.glob("*.journal")
        return JournalFile(path)

    def kinds(self) -> list[Kind]:
        return [line.kind for line in self.file.read() if line]

    def forget(self, lines: int) -> None:
        """As an older copy of the database knows the journal."""
        with self.database.write() as session:
            session.execute(update(JournalPlace).values(lines=JournalPlace.lines - lines))


@pytest.fixture
def here(database: Database, vault: Vault, tmp_path: Path) -> List:
    return List(database, vault, Journal(tmp_path / "elsewhere" / "keys.json"))


def count(session: Session, table: type) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


@given(st.lists(st.tuples(st.sampled_from(Kind), st.binary(min_size=32, max_size=32), st.dates()), max_size=20))
def test_a_file_gives_back_what_was_appended(tmp_path_factory: pytest.TempPathFactory, deeds: list[Any]) -> None:
    file = JournalFile.begin(tmp_path_factory.mktemp("journal") / "keys.1.journal", 77, TODAY)
    lines = [Line(*deed) for deed in deeds]
    assert file.append(lines) == len(lines) + 1 == file.length()
    assert list(file.read(1)) == lines
    assert file.number() == 77


def test_a_line_that_was_cut_off_is_not_there_and_makes_room(tmp_path: Path) -> None:
    file = JournalFile.begin(tmp_path / "keys.1.journal", 1, TODAY)
    file.append([Line(Kind.LEFT, ANA, TODAY)])
    with file.path.open("r+b") as cut:
        cut.truncate(2 * WIDTH - 1)
    assert list(file.read(1)) == []
    assert file.append([Line(Kind.BACK, ANA, TODAY)]) == 2
    assert list(file.read(1)) == [Line(Kind.BACK, ANA, TODAY)]


def test_a_spoiled_line_takes_no_other_with_it(tmp_path: Path) -> None:
    file = JournalFile.begin(tmp_path / "keys.1.journal", 1, TODAY)
    file.append([Line(Kind.LEFT, bytes([n]) * 32, TODAY) for n in range(3)])
    with file.path.open("r+b") as spoiled:
        spoiled.seek(2 * WIDTH + 40)
        spoiled.write(b"\0\0\0")
    assert [line and line.mark[:1] for line in file.read(1)] == [b"\0", None, b"\2"]


def test_a_file_that_is_no_journal_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("email\nana@example.org\n" * 20)
    with pytest.raises(SubscriberError, match="no journal") as refused:
        JournalFile(tmp_path / "list.csv").number()
    assert "ana" not in str(refused.value)


def test_leaving_erasing_and_coming_back_are_written_down_and_name_nobody(here: List) -> None:
    ana, bo = here.add("ana"), here.add("bo")
    here.leave(ana)
    here.leave(ana)
    with here.database.write() as session:
        assert undo(session, ana, NOW) is Standing.ON_LIST
    with here.database.write() as session:
        journal.note_return(session, here.journal, ana, TODAY)
        retention.erase_now(session, here.journal, bo, NOW)
        journal.note_return(session, here.journal, bo, TODAY)
    assert here.kinds() == [Kind.BEGUN, Kind.LEFT, Kind.BACK, Kind.ERASED]
    assert [line.mark for line in here.file.read(1) if line] == [here.hash("ana"), here.hash("ana"), here.hash("bo")]
    assert stat.S_IMODE(here.file.path.stat().st_mode) == 0o600
    assert here.is_in_step()


def test_a_leave_stands_in_the_journal_before_the_database_commits(here: List) -> None:
    ana = here.add("ana")
    session = Session(here.database.engine)
    with session.begin():
        leave(session, here.journal, ana, NOW)
        assert here.kinds() == [Kind.BEGUN, Kind.LEFT]
        session.rollback()
    session.close()


def test_what_a_crash_kept_from_the_database_is_done_at_the_next_look(here: List) -> None:
    ana, bo = here.add("ana"), here.add("bo")
    here.leave(bo)
    here.file.append([Line(Kind.LEFT, here.hash("ana"), TODAY)])
    assert not here.is_in_step()
    assert here.lag() is Lag.NONE
    assert here.is_in_step()
    with here.database.read() as session:
        assert standing(session, ana, NOW) is Standing.LEFT


def test_the_next_deed_mends_what_a_crash_left_as_well(here: List) -> None:
    ana, bo, cho = here.add("ana"), here.add("bo"), here.add("cho")
    here.leave(bo)
    here.beat()
    for kind, mark in ((Kind.LEFT, here.hash("ana")), (Kind.BEAT, numbered(1))):
        here.file.append([Line(kind, mark, TODAY)])  # the second was committed as a number before
        here.leave(cho)
        assert here.is_in_step()
        with here.database.write() as session:
            undo(session, cho, NOW)
    with here.database.read() as session:
        assert standing(session, ana, NOW) is Standing.LEFT


def test_a_database_that_was_put_back_says_so_also_when_nobody_left(here: List) -> None:
    ana = here.add("ana")
    here.leave(ana)
    here.beat()
    with here.database.write() as session:
        session.execute(update(JournalPlace).values(lines=2, beat=0))
    assert here.lag() is Lag.PUT_BACK
    here.leave(here.add("bo"))
    assert here.kinds()[-1] is Kind.LEFT, "leaving goes on"
    here.beat()
    assert here.lag() is Lag.PUT_BACK, "and nothing hides it"


def test_where_no_journal_can_be_written_people_leave_all_the_same_and_it_is_said(here: List) -> None:
    ana, bo = here.add("ana"), here.add("bo")
    here.leave(ana)
    away = here.file.path.rename(here.journal.keys.with_name("away"))
    here.leave(bo)
    assert here.lag() is Lag.LOST
    assert not here.is_in_step()
    with here.database.read() as session:
        assert standing(session, bo, NOW) is Standing.LEFT
    path = away.rename(here.journal.file(JournalFile(away).number()).path)
    assert here.lag() is Lag.NONE
    path.unlink()
    path.mkdir()
    assert here.lag() is Lag.STUCK


def test_a_further_machine_is_let_in_by_one_whose_journal_knows_the_database(here: List, tmp_path: Path) -> None:
    here.leave(here.add("ana"))
    second = replace(here, journal=Journal(tmp_path / "second" / "keys.json"))
    assert [second.lag(), second.lag()] == [Lag.LOST] * 2
    second.leave(second.add("bo"))
    with here.database.read() as session:
        assert len(journal.known(session, here.journal)) == 1, "nobody asks for a journal that holds nothing"
    assert not here.is_in_step()
    assert [here.lag(), here.is_in_step(), second.lag(), second.is_in_step()] == [Lag.NONE, True] * 2
    second.leave(second.add("cho"))
    assert second.kinds() == [Kind.BEGUN, Kind.LEFT, Kind.LEFT]
    assert [here.is_in_step(), second.is_in_step()] == [True, True]


def test_nobody_lets_a_machine_in_to_a_database_that_was_put_back(here: List, tmp_path: Path) -> None:
    here.beat()
    with here.database.write() as session:
        session.execute(update(JournalPlace).values(lines=1, beat=0))
    second = replace(here, journal=Journal(tmp_path / "second" / "keys.json"))
    assert [second.lag(), here.lag(), second.lag()] == [Lag.LOST, Lag.PUT_BACK, Lag.LOST]


def test_a_machine_with_a_journal_that_the_database_does_not_know_is_not_new(here: List, tmp_path: Path) -> None:
    here.leave(here.add("ana"))
    second = replace(here, journal=Journal(tmp_path / "second" / "keys.json"))
    JournalFile.begin(second.journal.file(7).path, 7, TODAY).append([Line(Kind.BEAT, numbered(1), TODAY)])
    assert [second.lag(), here.lag(), second.lag()] == [Lag.LOST, Lag.NONE, Lag.LOST]


def test_a_machine_that_was_killed_while_it_began_its_journal_is_new_still(here: List, tmp_path: Path) -> None:
    here.leave(here.add("ana"))
    second = replace(here, journal=Journal(tmp_path / "second" / "keys.json"))
    with Session(here.database.engine) as killed:
        assert journal.lag(killed, second.journal, TODAY) is Lag.LOST
    assert second.file.length() == 1
    assert [second.lag(), here.lag(), second.lag()] == [Lag.LOST, Lag.NONE, Lag.NONE]


def test_two_newsletters_beside_one_key_file_keep_apart(here: List, tmp_path: Path) -> None:
    here.leave(here.add("ana"))
    JournalFile.begin(here.journal.file(7).path, 7, TODAY)
    here.leave(here.add("bo"))
    assert here.journal.file(7).length() == 1
    assert here.is_in_step()


def everything(here: List) -> list[Any]:
    """The list, in full."""
    with here.database.read() as session:
        readers = session.execute(select(Subscriber.address_hash, Subscriber.state).order_by(Subscriber.id)).all()
        consents = session.execute(select(Consent.subscriber_id, Consent.withdrawn_on)).all()
        off = session.execute(select(Suppression.address_hash, Suppression.reason)).all()
        return [readers, sorted(consents), sorted(off), count(session, SignUp)]


def test_a_replay_takes_off_who_left_and_leaves_who_came_back(here: List) -> None:
    names = ("left", "imported", "complained", "erased", "back", "bounced", "stays")
    for name in names:
        here.add(name)
    with here.database.write() as session:
        joining.ask(session, here.vault, address="waits@example.org", languages="es", wording=TOLD, now=NOW)
    gone = date(2026, 11, 20)
    deeds = [
        (Kind.LEFT, "left", gone),
        (Kind.IMPORTED, "imported", gone),
        (Kind.COMPLAINED, "complained", gone),
        (Kind.LEFT, "back", gone),
        (Kind.ERASED, "erased", gone),
        (Kind.BACK, "back", TODAY),
        (Kind.BOUNCED, "bounced", TODAY),
        (Kind.FORGOTTEN, "waits", TODAY),
        (Kind.LEFT, "unknown", gone),
    ]
    lines = [Line(kind, here.hash(name), day) for kind, name, day in deeds]
    with here.database.write() as session:
        assert journal.replay(session, [lines]) == 8
    once = everything(here)
    readers, consents, off, waiting = once
    assert readers == [
        *((here.hash(name), State.LEFT) for name in names[:3]),
        *((here.hash(name), State.SUBSCRIBED) for name in names[4:]),
    ]
    assert [day for _, day in consents] == [gone] * 3 + [None] * 3
    reasons = {name: name for name in ("left", "imported", "complained", "bounced")} | {"erased": "left"}
    assert dict(off) == {here.hash(name): reason for name, reason in (reasons | {"unknown": "left"}).items()}
    assert waiting == 0
    with here.database.write() as session:
        journal.replay(session, [lines])
    assert everything(here) == once, "to do it again changes nothing"


def test_of_two_machines_that_differ_about_a_day_the_one_that_says_left_is_believed(here: List) -> None:
    ana = here.add("ana")
    mark = here.hash("ana")
    left, back = Line(Kind.LEFT, mark, TODAY), Line(Kind.BACK, mark, TODAY)
    with here.database.write() as session:
        journal.replay(session, [[left], [back]])
        assert standing(session, ana, NOW) is Standing.LEFT
        journal.replay(session, [[left], [Line(Kind.BACK, mark, TODAY + timedelta(days=1))]])
        assert standing(session, ana, NOW) is Standing.ON_LIST
        assert not session.get(Suppression, mark)


def test_a_sign_up_that_waits_is_forgotten_by_hand_and_may_be_made_again(here: List) -> None:
    asked: dict[str, Any] = {"address": "eva@example.org", "languages": "es", "wording": TOLD, "now": NOW}
    with here.database.write() as session:
        joining.ask(session, here.vault, **asked)
        assert retention.forget_sign_up(session, here.journal, here.hash("eva"), NOW)
        assert not retention.forget_sign_up(session, here.journal, here.hash("eva"), NOW)
        assert count(session, SignUp) == count(session, Suppression) == 0
        assert not roll.forget_sign_up(session, here.hash("eva"))
    assert here.kinds() == [Kind.BEGUN, Kind.FORGOTTEN]


def test_addresses_that_bounced_are_written_down_once(here: List) -> None:
    with here.database.write() as session:
        for name, reason, days in (
            ("a", "bounced", 2),
            ("b", "complained", 1),
            ("c", "left", 1),
            ("d", "imported left", 0),
            ("e", "imported bounced", 0),
        ):
            day = TODAY - timedelta(days=days)
            noted_on = day if reason == "left" else None
            session.add(Suppression(address_hash=here.hash(name), reason=reason, day=day, noted_on=noted_on))
    with here.database.write() as session:
        assert journal.is_anybody_to_note(session)
        assert journal.note_suppressed(session, here.journal, TODAY)
        assert not journal.note_suppressed(session, here.journal, TODAY)
        assert not journal.is_anybody_to_note(session)
    lines = [(line.kind, line.mark, line.day) for line in here.file.read(1) if line]
    assert len(lines) == 4
    assert set(lines) == {
        (Kind.BOUNCED, here.hash("a"), TODAY - timedelta(days=2)),
        (Kind.COMPLAINED, here.hash("b"), TODAY - timedelta(days=1)),
        (Kind.IMPORTED, here.hash("d"), TODAY),
        (Kind.BOUNCED, here.hash("e"), TODAY),
    }
