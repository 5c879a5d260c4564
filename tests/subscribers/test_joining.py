"""Nobody is on the list but by their own confirmation; who comes back comes back by it alone."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from newsletter.db import Database
from subscribers import audience, domains, joining, mailed, people, preferences, retention
from subscribers.addresses import normal
from subscribers.consent import Wording
from subscribers.leaving import Standing, leave, undo
from subscribers.mailed import Kind
from subscribers.models import MailedDay, SignUp, State, Subscriber, Suppression
from subscribers.vault import Vault
from tests.journals import journal

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
TOLD = Wording("es", "Quiero recibir el boletín.")
ADDRESS = "ana@example.org"


def ask(database: Database, vault: Vault, address: str = ADDRESS, now: datetime = NOW, languages: str = "es") -> int:
    with database.write() as session:
        joining.ask(session, vault, address=address, languages=languages, wording=TOLD, now=now)
        return session.scalars(select(SignUp.id).filter_by(address_hash=vault.hash(normal(address)))).one()


def confirm(database: Database, sign_up: int, now: datetime = NOW) -> int | None:
    with database.write() as session:
        return joining.confirm(session, sign_up, now)


def test_who_asks_is_on_no_list_until_they_confirm(database: Database, vault: Vault) -> None:
    sign_up = ask(database, vault)
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Subscriber)) == 0
        assert joining.count_waiting(session) == 1
        seen = joining.asked(session, sign_up, NOW)
        assert seen == joining.Asked("es", "es", TOLD.text, confirmed=False, on_list=False, returns=False)
    person = confirm(database, sign_up, NOW + DAY)
    with database.read() as session:
        held = people.show(session, vault, ADDRESS)
        assert (held.address, held.languages, held.state) == (ADDRESS, "es", State.SUBSCRIBED)
        (agreed,) = held.consents
        assert (agreed.came_by, agreed.wording, agreed.confirmed_on) == ("form", TOLD.text, date(2026, 11, 22))
        assert session.get_one(Subscriber, person).consents[0].asked_on == NOW.date()
        assert session.scalars(select(SignUp.sealed_address)).one() is None, "the address is kept once"
        assert joining.count_waiting(session) == 0


def test_confirming_again_changes_nothing_and_brings_nobody_back(database: Database, vault: Vault) -> None:
    sign_up = ask(database, vault)
    person = confirm(database, sign_up)
    assert person is not None
    assert confirm(database, sign_up) == person
    with database.write() as session:
        leave(session, journal(), person, NOW)
    assert confirm(database, sign_up) is None
    with database.read() as session:
        assert people.show(session, vault, ADDRESS).state is State.LEFT
        assert len(people.show(session, vault, ADDRESS).consents) == 1


def test_asking_again_renews_the_sign_up(database: Database, vault: Vault) -> None:
    first = ask(database, vault)
    assert ask(database, vault, "ANA@example.org", NOW + 6 * DAY, "vi,es") == first
    with database.read() as session:
        seen = joining.asked(session, first, NOW + 12 * DAY)
        assert seen is not None
        assert seen.languages == "vi,es"


def test_a_sign_up_is_forgotten_after_a_week(database: Database, vault: Vault) -> None:
    sign_up = ask(database, vault)
    last = NOW + 7 * DAY
    assert confirm(database, sign_up, last) is None, "too late even before it is deleted"
    with database.write() as session:
        assert retention.forget_sign_ups(session, last - timedelta(seconds=1)) == 0
        assert retention.forget_sign_ups(session, last) == 1
        assert joining.asked(session, sign_up, last) is None
    assert ask(database, vault, "bo@example.org") != sign_up, "its link fits no other"


@pytest.mark.parametrize("erased", [False, True])
def test_who_left_comes_back_by_confirming_alone(database: Database, vault: Vault, erased: bool) -> None:
    person = confirm(database, ask(database, vault))
    assert person is not None
    later = NOW + 2 * DAY
    with database.write() as session:
        leave(session, journal(), person, later)
        if erased:
            retention.erase_left(session, later + DAY)
    again = ask(database, vault, now=later + DAY, languages="ar")
    with database.read() as session:
        assert people.show(session, vault, ADDRESS).suppressed == "left"
    back = confirm(database, again, later + DAY)
    with database.write() as session:
        assert back is not None
        assert (back == person) == (not erased)
        assert audience.count_by_languages(session) == {"ar": 1}
        held = people.show(session, vault, ADDRESS)
        assert held.suppressed == ""
        withdrawn = [agreed.withdrawn_on for agreed in held.consents]
        assert withdrawn == ([None] if erased else [later.date(), None])
        leave(session, journal(), back, later + 30 * DAY)
        assert people.show(session, vault, ADDRESS).consents[0].withdrawn_on in (
            later.date(),
            (later + 30 * DAY).date(),
        )


def test_who_refused_us_can_be_written_to_again_once_they_confirm(database: Database, vault: Vault) -> None:
    person = confirm(database, ask(database, vault))
    with database.write() as session:
        address_hash = session.get_one(Subscriber, person).address_hash
        session.add(Suppression(address_hash=address_hash, reason="bounced", day=NOW.date()))
        session.flush()
        assert joining.reader_with(session, address_hash) is None
    assert confirm(database, ask(database, vault)) == person
    with database.read() as session:
        assert audience.count_by_languages(session) == {"es": 1}


def test_erasing_at_once_forgets_what_waits_too(database: Database, vault: Vault) -> None:
    person = confirm(database, ask(database, vault))
    assert person is not None
    ask(database, vault)
    with database.write() as session:
        retention.erase_now(session, journal(), person, NOW)
        assert session.scalar(select(func.count()).select_from(SignUp)) == 0


def test_a_pause_keeps_a_reader_away_until_its_day(database: Database, vault: Vault) -> None:
    person = confirm(database, ask(database, vault))
    assert person is not None
    with database.write() as session:
        chosen = preferences.change(session, person, languages="vi,es", plain_text=True, pause=3, now=NOW)
        assert chosen == preferences.Preferences("vi,es", plain_text=True, paused_until=date(2027, 2, 21))
        assert audience.count_by_languages(session) == {}
        kept = preferences.change(session, person, languages="vi", plain_text=False, pause=None, now=NOW + 9 * DAY)
        assert kept == preferences.Preferences("vi", plain_text=False, paused_until=date(2027, 2, 21))
        assert leave(session, journal(), person, NOW) is Standing.LEFT
        assert preferences.preferences(session, person) is None
        assert preferences.change(session, person, languages="en", plain_text=False, pause=0, now=NOW) is None
        undo(session, person, NOW)
        assert audience.count_by_languages(session) == {}, "undo leaves the pause as it was"
        preferences.end_pauses(session, datetime(2027, 2, 20, 23, tzinfo=UTC))
        assert audience.count_by_languages(session) == {}
        preferences.end_pauses(session, datetime(2027, 2, 21, tzinfo=UTC))
        assert audience.count_by_languages(session) == {"vi": 1}
        assert preferences.preferences(session, person) == preferences.Preferences("vi", False, None)


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2026, 11, 21), 1, date(2026, 12, 21)),
        (date(2027, 12, 31), 2, date(2028, 2, 29)),
    ],
)
def test_months_end_on_a_day_that_there_is(day: date, months: int, later: date) -> None:
    assert preferences.months_later(day, months) == later


def test_an_address_is_mailed_once_a_day_and_three_times_a_month(database: Database, vault: Vault) -> None:
    whom, today = b"a" * 32, NOW.date()
    with database.write() as session:
        days = [today, today, today + DAY, today + 2 * DAY, today + 3 * DAY, today + 29 * DAY, today + 30 * DAY]
        said = [mailed.may_mail(session, whom, Kind.SIGN_UP, day) for day in days]
        assert said == [True, False, True, True, False, False, True]
        assert mailed.may_mail(session, whom, Kind.PREFERENCES, today), "another form counts for itself"
        assert mailed.may_mail(session, b"b" * 32, Kind.SIGN_UP, today)
        retention.forget_sign_ups(session, NOW + 31 * DAY)
        assert set(session.scalars(select(MailedDay.day))) == {today + 2 * DAY, today + 30 * DAY}


@pytest.mark.parametrize(
    ("domain", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("gmai.com", "gmail.com"),
        ("gmaill.com", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("hotnail.com", "hotmail.com"),
        ("gmail.com", None),
        ("mail.com", None),
        ("example.org", None),
        ("mailinator.com", ""),
    ],
)
def test_slips_and_throwaway_mailboxes_are_pointed_out(domain: str, meant: str | None) -> None:
    found = domains.doubt(domain)
    assert (found.instead if found else None) == meant
