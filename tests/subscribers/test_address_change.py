"""Another address takes the place of the old one: at both mailboxes' word, in one go, and once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from newsletter.db import Database
from subscribers import address_change, journal, people, retention, roll
from subscribers.address_change import Moved, Side, Standing
from subscribers.addresses import normal
from subscribers.consent import Wording
from subscribers.errors import NotFound
from subscribers.journal_file import Kind, Line
from subscribers.models import AddressChange, Subscriber, Suppression
from subscribers.vault import Vault
from tests.journals import journal as a_journal

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
OLD, NEW = "ana@example.org", "ana@new.example.com"


def join(database: Database, vault: Vault) -> int:
    with database.write() as session:
        told = Wording("en", "One mail a month.")
        named = {"address": OLD, "name": "Ana", "languages": "es", "came_by": "added"}
        return people.add(session, vault, wording=told, now=NOW, **named).id


def ask(database: Database, vault: Vault, reader: int) -> int:
    with database.write() as session:
        change = address_change.ask(session, vault, reader, address=NEW, now=NOW)
    assert change is not None
    return change


def agree(database: Database, vault: Vault, change: int, side: Side) -> Moved | None:
    with database.write() as session:
        return address_change.agree(session, vault, change, side, NOW)


def test_two_presses_at_once_move_the_reader_once(database: Database, vault: Vault) -> None:
    reader = join(database, vault)
    change = ask(database, vault, reader)
    with ThreadPoolExecutor(4) as hands:
        sides = [Side.OLD, Side.NEW] * 2
        moves = list(hands.map(lambda side: agree(database, vault, change, side), sides))
    assert [move for move in moves if move] == [Moved(reader, vault.hash(normal(OLD)))]
    with database.read() as session:
        assert people.show(session, vault, NEW).name == "Ana"
        assert session.scalars(select(Subscriber.id)).all() == [reader]
        assert address_change.standing(session, change, Side.OLD, NOW) is Standing.DONE
        with pytest.raises(NotFound):
            people.show(session, vault, OLD)


def test_who_is_erased_takes_the_change_along_and_so_does_the_new_address(database: Database, vault: Vault) -> None:
    first = ask(database, vault, join(database, vault))
    with database.write() as session:
        assert people.show(session, vault, NEW).asked_on == NOW.date(), "whoever is asked there finds it"
        assert retention.erase_address(session, a_journal(), vault.hash(normal(NEW)), NOW)
        assert session.scalar(select(AddressChange.id)) is None
        reader = session.scalars(select(Subscriber.id)).one()
    assert ask(database, vault, reader) > first, "a number is never given twice"
    with database.write() as session:
        retention.erase_now(session, a_journal(), reader, NOW)
        assert session.scalar(select(AddressChange.id)) is None


def test_a_database_from_before_does_not_write_to_an_address_given_up(database: Database, vault: Vault) -> None:
    """Nor does it keep its owner from coming back; and who changed back is left alone."""
    old, new = vault.hash(normal(OLD)), vault.hash(normal(NEW))
    moved = [Line(Kind.MOVED, old, NOW.date()), Line(Kind.BACK, new, NOW.date())]
    back = [Line(Kind.MOVED, new, NOW.date()), Line(Kind.BACK, old, NOW.date())]
    reader = join(database, vault)
    with database.write() as session:
        journal.replay(session, [[*moved, *back]])
        assert roll.known_by(session, reader) == old
        journal.replay(session, [moved])
        assert roll.known_by(session, reader) is None
        assert session.scalar(select(Suppression.day)) is None
