"""The address key is renewed under way: killed and resumed, nobody is lost, and joining, sending and leaving go on."""

import os
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from newsletter import rotation
from newsletter.db import Database
from newsletter.desk.models import Member, Role
from newsletter.migrations import METADATA
from newsletter.notices import outbox
from newsletter.notices.models import Notice
from subscribers import joining, key_file, leaving, people
from subscribers.addresses import normal
from subscribers.consent import Wording
from subscribers.key_file import KeyFile
from subscribers.keys import Keys
from subscribers.models import SignUp, Subscriber
from subscribers.vault import Vault
from tests.journals import journal
from tests.subscribers.importer import Importer

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
TOLD = Wording("en", "One mail a month.")
READERS = [f"reader{number}@example.org" for number in range(7)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "elsewhere" / "keys.json"
    Keys.create(path)
    return path


@pytest.fixture(autouse=True)
def _small_and_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "CHUNK", 2)
    monkeypatch.setattr(key_file, "LOOKS_EVERY", 0)


def opened(path: Path) -> Vault:
    """The keys as another process holds them."""
    file = KeyFile(path)
    return Vault(file.load(), file.renewed)


def subscribe(session: Session, vault: Vault, address: str) -> int:
    named = {"name": f"Name of {address}", "languages": "es", "came_by": "added"}
    return people.add(session, vault, address=address, wording=TOLD, now=NOW, **named).id


def fill(database: Database, vault: Vault) -> None:
    """Somebody in every place where something is sealed, and a sign-up that is sealed no more."""
    with database.write() as session:
        for address in READERS:
            subscribe(session, vault, address)
        for address in ("waits@example.org", "confirms@example.org"):
            joining.ask(session, vault, address=address, languages="es", wording=TOLD, now=NOW)
        joining.confirm(session, session.scalars(select(SignUp.id).order_by(SignUp.id.desc())).first() or 0, NOW)
        outbox.queue(session, vault, "waits@example.org", "sign_up", {"brand": "Ours"}, NOW)
        key = vault.hash(normal("rosa@example.org"))
        sealed = vault.seal_address("rosa@example.org", key)
        session.add(Member(address_hash=key, sealed_address=sealed, name="Rosa", role=Role.OWNER, joined_at=NOW))
    Importer(database, vault).look("email\nfile@example.org\n")


def everything(session: Session, vault: Vault) -> list[str | bytes]:
    """All that is sealed, opened."""
    return [
        place.open(vault, value, key)
        for place in rotation.PLACES
        for value, key in session.execute(
            select(place.value, place.bound_to).where(place.value.is_not(None)).order_by(place.table.id)
        )
    ]


def left(database: Database, vault: Vault) -> int:
    with database.read() as session:
        return rotation.count_left(session, vault.current)


def test_every_sealed_column_is_sealed_anew() -> None:
    sealed = {str(c) for tables in METADATA for t in tables.tables.values() for c in t.c if c.name.startswith("sealed")}
    assert {f"{place.table.__tablename__}.{place.value.key}" for place in rotation.PLACES} == sealed


def killed(sealing: Iterator[int], after: int) -> None:
    """What was committed stays; nothing else is remembered anywhere."""
    assert len(list(islice(sealing, after))) == after


def test_killed_half_way_and_resumed_nobody_is_lost_and_everything_goes_on(database: Database, path: Path) -> None:
    pages, sender = opened(path), opened(path)
    fill(database, pages)
    with database.read() as session:
        before = everything(session, pages)
    keys = rotation.begin(KeyFile(path), NOW)
    killed(rotation.seal_anew(database, opened(path)), after=3)
    assert rotation.begin(KeyFile(path), NOW) == keys, "who runs it again goes on with the same key"
    assert 0 < left(database, sender) < len(before)

    with database.write() as session:  # programs that began under the older key
        assert everything(session, sender) == before
        newcomer = subscribe(session, pages, "late@example.org")
        assert session.get_one(Subscriber, newcomer).sealed_address[0] == keys.current
        leaving.leave(session, journal(), 1, NOW)

    assert sum(rotation.seal_anew(database, opened(path))) > 0
    assert left(database, sender) == 0
    assert not rotation.put_away(database, KeyFile(path), NOW + DAY - timedelta(seconds=1))
    assert rotation.put_away(database, KeyFile(path), NOW + DAY)
    assert list(Keys.load(path).addresses) == [keys.current]
    with database.read() as session:
        assert sorted(everything(session, opened(path)), key=str) == sorted([
            *before, "late@example.org", "Name of late@example.org",
        ], key=str)  # fmt: skip
        assert leaving.standing(session, 1, NOW) is leaving.Standing.LEFT


def test_a_value_that_comes_late_under_the_older_key_keeps_that_key(database: Database, path: Path) -> None:
    unaware = Vault(Keys.load(path))
    rotation.begin(KeyFile(path), NOW)
    vault = opened(path)
    with database.write() as session:
        subscribe(session, unaware, "slow@example.org")
    assert not rotation.put_away(database, KeyFile(path), NOW + 30 * DAY)
    assert sum(rotation.seal_anew(database, vault)) == 2
    assert rotation.put_away(database, KeyFile(path), NOW + 30 * DAY)


def test_what_was_changed_meanwhile_is_not_changed_back(database: Database, path: Path) -> None:
    vault = opened(path)
    fill(database, vault)
    stale = select(Subscriber.id, Subscriber.sealed_address, Subscriber.address_hash).where(Subscriber.id == 1)
    with database.read() as session:
        read = session.execute(stale).all()
    rotation.begin(KeyFile(path), NOW)
    anew = list(rotation._sealed_anew(vault, rotation.PLACES[0], read))
    with database.write() as session:
        session.execute(update(Subscriber).where(Subscriber.id == 1).values(sealed_address=b"another"))
        assert rotation._replace(session, rotation.PLACES[0], anew) == 0
        assert session.get_one(Subscriber, 1).sealed_address == b"another"


def test_a_damaged_value_holds_nobody_up_and_keeps_the_older_key(database: Database, path: Path) -> None:
    vault = opened(path)
    fill(database, vault)
    with database.write() as session:
        session.execute(update(Notice).values(sealed_values=b"\x01damaged"))
    rotation.begin(KeyFile(path), NOW)
    assert sum(rotation.seal_anew(database, vault)) == 20
    assert left(database, vault) == 1
    assert not rotation.put_away(database, KeyFile(path), NOW + DAY)


def test_the_key_file_is_replaced_whole_and_stays_private(path: Path) -> None:
    before = Keys.load(path)
    rotation.begin(KeyFile(path), NOW)
    after = Keys.load(path)
    assert (after.current, after.retired_at) == (2, NOW)
    assert (after.lookup, after.tokens, after.addresses[1]) == (before.lookup, before.tokens, before.addresses[1])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == ["keys.json"]


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_text("{")])
def test_a_program_with_keys_goes_on_while_their_file_is_away_or_damaged(
    path: Path, spoil: Callable[[Path], object]
) -> None:
    vault, kept = opened(path), path.read_text()
    key = vault.hash(normal("ana@example.org"))
    spoil(path)
    sealed = vault.seal_name("Ana", key)
    path.write_text(kept)
    assert opened(path).open_name(sealed, key) == "Ana"


def test_numbers_of_keys_begin_again_after_the_last() -> None:
    keys = Keys({255: b"k" * 32}, 255, b"l" * 32, (b"t" * 32,)).renewed(NOW)
    assert keys.current == 1
    assert keys.without_older().addresses == {1: keys.addresses[1]}
