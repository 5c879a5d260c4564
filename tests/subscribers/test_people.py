"""People are added once, counted by language, leave, come back within a day, and are erased after it."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.db import Database
from subscribers import audience, suppression
from subscribers.consent import Wording
from subscribers.errors import AlreadyThere, BadAddress, BadLanguage, NotFound, SubscriberError, Suppressed
from subscribers.leaving import Standing, leave, standing, undo
from subscribers.models import Consent, ConsentWording, State, Subscriber, Suppression
from subscribers.people import add, bounced, show
from subscribers.retention import erase_left
from subscribers.vault import Vault
from tests.journals import journal

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
TOLD = Wording("en", "One mail a month; leave whenever you want.")


def join(session: Session, vault: Vault, address: str = "ana@example.org", languages: str = "es") -> int:
    person = add(
        session, vault, address=address, name="Ana", languages=languages, came_by="added", wording=TOLD, now=NOW
    )
    return person.id


def suppress(database: Database, vault: Vault, person: int, reason: str) -> None:
    with database.write() as session:
        address_hash = session.get_one(Subscriber, person).address_hash
        session.add(Suppression(address_hash=address_hash, reason=reason, day=NOW.date()))


def count(session: Session, table: type) -> int:
    return session.scalars(select(func.count()).select_from(table)).one()


def test_who_is_added_is_shown_with_what_they_agreed_to(database: Database, vault: Vault) -> None:
    with database.write() as session:
        join(session, vault, "Ana@Example.org", "ES, en_US")
    with database.read() as session:
        held = show(session, vault, "ana@EXAMPLE.org")
    assert (held.address, held.name, held.languages, held.state) == (
        "Ana@example.org",
        "Ana",
        "es,en-us",
        State.SUBSCRIBED,
    )
    assert [(agreed.wording, agreed.confirmed_on) for agreed in held.consents] == [(TOLD.text, date(2026, 11, 21))]
    assert held.suppressed == ""
    assert "ana" not in repr(held).lower()


def test_rows_hold_nothing_in_clear(database: Database, vault: Vault) -> None:
    with database.write() as session:
        join(session, vault)
    with database.read() as session:
        person = session.scalars(select(Subscriber)).one()
        for value in (person.address_hash, person.sealed_address, person.sealed_name or b""):
            assert b"ana" not in value.lower()


def test_the_same_person_in_another_spelling_is_not_added_twice(database: Database, vault: Vault) -> None:
    with database.write() as session:
        join(session, vault, languages="es")
    with database.write() as session, pytest.raises(AlreadyThere):
        join(session, vault, "ANA@example.org", "vi")
    with database.read() as session:
        assert session.scalars(select(Subscriber.languages)).all() == ["es"]
        assert count(session, Consent) == 1


def test_one_wording_is_kept_once(database: Database, vault: Vault) -> None:
    with database.write() as session:
        join(session, vault)
        join(session, vault, "bo@example.org")
        assert count(session, ConsentWording) == 1


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"address": "ana"}, BadAddress),
        ({"languages": "Spanish please"}, BadLanguage),
        ({"languages": "a,b"}, BadLanguage),
        ({"languages": "en,es,vi,ar,fr,de"}, BadLanguage),
        ({"name": "A" * 201}, SubscriberError),
        ({"wording": Wording("en", " ")}, SubscriberError),
    ],
)
def test_what_cannot_be_is_refused(
    database: Database, vault: Vault, change: dict[str, str], error: type[SubscriberError]
) -> None:
    given = {
        "address": "ana@example.org",
        "name": "Ana",
        "languages": "",
        "came_by": "added",
        "wording": TOLD,
        **change,
    }
    with pytest.raises(error), database.write() as session:
        add(session, vault, **given, now=NOW)  # type: ignore[arg-type] # some are wrong on purpose
    with database.read() as session:
        assert count(session, Subscriber) == 0


def test_a_name_loses_what_would_turn_or_break_a_line(database: Database, vault: Vault) -> None:
    with database.write() as session:
        add(
            session,
            vault,
            address="a@example.org",
            name=" A\u202en\x00a\r\n R\ud800uiz ",
            languages="",
            came_by="added",
            wording=TOLD,
            now=NOW,
        )
        assert show(session, vault, "a@example.org").name == "Ana Ruiz"


def test_nobody_is_shown_where_nothing_is_held(database: Database, vault: Vault) -> None:
    with database.read() as session, pytest.raises(NotFound):
        show(session, vault, "ana@example.org")


def test_the_audience_counts_those_who_can_be_written_to(database: Database, vault: Vault) -> None:
    with database.write() as session:
        spanish, vietnamese, left, bounced = (
            join(session, vault, f"{n}@example.org", tags) for n, tags in enumerate(["es", "vi,en", "es", "vi,en"])
        )
        another = join(session, vault, "another@example.org", "")
        session.get_one(Subscriber, another).state = State.PAUSED
        leave(session, journal(), left, NOW)
    suppress(database, vault, bounced, "bounced")
    with database.read() as session:
        assert audience.count_by_languages(session) == {"es": 1, "vi,en": 1}
        assert {row.id for row in session.execute(audience.reachable())} == {spanish, vietnamese}


@pytest.mark.parametrize(
    ("languages", "best"),
    [
        ("es", "es"),
        ("es-mx,en", "es"),
        ("fr,vi,en", "vi"),
        ("pt-br", "pt-br"),
        ("fr", None),
        ("", None),
    ],
)
def test_a_reader_gets_the_first_of_their_languages_that_there_is(languages: str, best: str | None) -> None:
    assert audience.preferred(languages, ["en", "es", "vi", "pt-br"]) == best


def test_leaving_suppresses_and_ends_consent_and_doing_it_again_changes_nothing(
    database: Database, vault: Vault
) -> None:
    with database.write() as session:
        person = join(session, vault)
        assert standing(session, person, NOW) is Standing.ON_LIST
    for later in (timedelta(0), timedelta(hours=5)):
        with database.write() as session:
            assert leave(session, journal(), person, NOW + later) is Standing.LEFT
    with database.read() as session:
        held = show(session, vault, "ana@example.org")
        assert (held.state, held.left_at) == (State.LEFT, NOW)
        assert (held.suppressed, held.suppressed_on) == ("left", NOW.date())
        assert held.consents[0].withdrawn_on == NOW.date()
        assert audience.count_by_languages(session) == {}


def test_within_a_day_undo_puts_everything_back(database: Database, vault: Vault) -> None:
    with database.write() as session:
        person = join(session, vault)
        leave(session, journal(), person, NOW)
    with database.write() as session:
        assert undo(session, person, NOW + DAY - timedelta(seconds=1)) is Standing.ON_LIST
        assert undo(session, person, NOW + DAY) is Standing.ON_LIST, "doing it again changes nothing"
    with database.read() as session:
        held = show(session, vault, "ana@example.org")
        assert (held.state, held.left_at, held.suppressed, held.consents[0].withdrawn_on) == (
            State.SUBSCRIBED,
            None,
            "",
            None,
        )
        assert audience.count_by_languages(session) == {"es": 1}


def test_after_a_day_undo_does_nothing(database: Database, vault: Vault) -> None:
    with database.write() as session:
        person = join(session, vault)
        leave(session, journal(), person, NOW)
        assert undo(session, person, NOW + DAY) is Standing.GONE
        assert standing(session, person, NOW + DAY) is Standing.GONE
        assert count(session, Suppression) == 1


def test_undo_lifts_no_other_suppression(database: Database, vault: Vault) -> None:
    with database.write() as session:
        person = join(session, vault)
    suppress(database, vault, person, "complained")
    with database.write() as session:
        assert leave(session, journal(), person, NOW) is Standing.GONE
        assert undo(session, person, NOW) is Standing.GONE
        assert session.scalars(select(Suppression.reason)).all() == ["complained"]


@pytest.mark.parametrize(("reason", "lifted"), [("imported bounced", True), ("imported left", False)])
def test_a_bounce_that_an_import_told_of_is_lifted_as_our_own(
    database: Database, vault: Vault, reason: str, *, lifted: bool
) -> None:
    with database.write() as session:
        person = join(session, vault)
    suppress(database, vault, person, reason)
    with database.write() as session:
        assert show(session, vault, "ana@example.org").may_be_lifted == lifted
        assert bounced(session, vault, 9) == ["ana@example.org"] * lifted
        assert suppression.lift(session, person) == lifted
        assert count(session, Suppression) == (not lifted)


def test_nobody_lifts_a_bounce_of_who_left_since(database: Database, vault: Vault) -> None:
    with database.write() as session:
        person = join(session, vault)
    suppress(database, vault, person, "bounced")
    with database.write() as session:
        leave(session, journal(), person, NOW)
        assert not show(session, vault, "ana@example.org").may_be_lifted
        assert not suppression.lift(session, person), "it alone keeps an import from bringing them back"


def test_undo_brings_back_nobody_without_consent(database: Database, vault: Vault) -> None:
    with database.write() as session:
        person = join(session, vault)
        session.scalars(select(Consent)).one().confirmed_on = None
        session.flush()
        leave(session, journal(), person, NOW)
        assert undo(session, person, NOW) is Standing.GONE


def test_who_left_a_day_ago_is_erased_and_stays_away(database: Database, vault: Vault) -> None:
    with database.write() as session:
        early, late, stays = (join(session, vault, f"{name}@example.org") for name in ("early", "late", "stays"))
        leave(session, journal(), early, NOW)
        leave(session, journal(), late, NOW + timedelta(hours=1))
    with database.write() as session:
        assert erase_left(session, NOW + DAY - timedelta(seconds=1)) == 0
        assert erase_left(session, NOW + DAY) == 1
        assert session.scalars(select(Subscriber.id).order_by(Subscriber.id)).all() == [late, stays]
        assert count(session, Consent) == 2
        assert show(session, vault, "early@example.org").suppressed == "left"
    with database.write() as session, pytest.raises(Suppressed):
        join(session, vault, "EARLY@example.org")


def test_someone_erased_can_press_leave_and_undo_for_years(database: Database, vault: Vault) -> None:
    with database.write() as session:
        person = join(session, vault)
        leave(session, journal(), person, NOW)
        erase_left(session, NOW + DAY)
    with database.write() as session:
        later = NOW + 700 * DAY
        assert [leave(session, journal(), person, later), undo(session, person, later)] == [
            Standing.GONE,
            Standing.GONE,
        ]


def at_once(work: Callable[[], object]) -> list[object]:
    """What `work` gives, or raises, in four threads at once."""

    def outcome() -> object:
        together.wait()
        try:
            return work()
        except AlreadyThere as error:
            return type(error)

    together = threading.Barrier(4)
    with ThreadPoolExecutor(4) as pool:
        return [future.result() for future in [pool.submit(outcome) for _ in range(4)]]


def test_of_those_who_add_one_person_at_once_one_does(database: Database, vault: Vault) -> None:
    def work() -> int:
        with database.write() as session:
            return join(session, vault)

    outcomes = at_once(work)
    assert outcomes.count(AlreadyThere) == 3
    with database.read() as session:
        assert [count(session, table) for table in (Subscriber, Consent, ConsentWording)] == [1, 1, 1]


def test_leaving_several_times_at_once_is_leaving_once(database: Database, vault: Vault) -> None:
    with database.write() as session:
        person = join(session, vault)

    def work() -> Standing:
        with database.write() as session:
            return leave(session, journal(), person, NOW)

    assert at_once(work) == [Standing.LEFT] * 4
    with database.read() as session:
        assert count(session, Suppression) == 1


def test_the_number_of_someone_erased_is_given_to_nobody_else(database: Database, vault: Vault) -> None:
    with database.write() as session:
        last = join(session, vault)
        leave(session, journal(), last, NOW)
        erase_left(session, NOW + DAY)
        assert join(session, vault, "bo@example.org") != last
