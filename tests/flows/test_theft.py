"""After a life with a mail server that quotes, and crashes, a thief with everything but the keys learns no name."""

import json
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from subscribers.addresses import normal
from subscribers.journal_file import JournalFile, Kind
from subscribers.tokens import Purpose, make
from tests import postgres
from tests.flows.house import WORDING, House
from tests.flows.life import JOINING, LEAVING, MOVED, MOVING, PEOPLE, live
from tests.flows.theft import stolen

pytestmark = pytest.mark.flow


def tokens(house: House) -> list[str]:
    """What stands in links."""
    with house.opened() as newsletter:
        pressed = (Purpose.LEAVE, 1), (Purpose.LEAVE, LEAVING), (Purpose.CONFIRM, 1)
        return [make(newsletter.vault, purpose, number) for purpose, number in pressed]


def keys_of(house: House) -> list[str]:
    """All that the key file holds, the older address key too."""
    held = json.loads(house.keys.read_text())
    return [*held["addresses"].values(), held["lookup"], *held["tokens"]]


def secrets_of(house: House) -> list[str]:
    """What a thief must not find."""
    names = (f"Reader {n}" for n in range(12))
    stems = ("maria.delgado", "maria delgado", "ana delgado", "homes.example.org", "flats.example.org")
    return [*PEOPLE, JOINING, MOVED, MOVING, *tokens(house), *keys_of(house), *stems, *names]


def test_home_and_logs_name_nobody(tmp_path: Path) -> None:
    house = House(tmp_path / "home", tmp_path / "elsewhere" / "keys.json", f"sqlite:///{tmp_path / 'home' / 'n.db'}")
    live(house, tmp_path / "taken")
    secrets = secrets_of(house)
    assert (tmp_path / "taken" / "crashed" / "n.db-wal").stat().st_size, (
        "what was not yet in the database lies beside it"
    )
    assert len(stolen(house.keys.parent, keys_of(house))) == 4, "where they are, they are found"
    assert stolen(tmp_path / "home", secrets) == []
    assert stolen(tmp_path / "taken", secrets) == []
    assert_journal_names_nobody(house, tmp_path / "journal")


def assert_journal_names_nobody(house: House, folder: Path) -> None:
    """The journal, stolen without the keys, which lie beside it."""
    (path,) = house.keys.parent.glob("*.journal")
    folder.mkdir()
    path.rename(folder / path.name)
    assert stolen(folder, secrets_of(house)) == []
    with house.opened() as newsletter:
        known = {newsletter.vault.hash(normal(person)) for person in PEOPLE}
    deeds = [line for line in JournalFile(folder / path.name).read() if line and line.kind in (Kind.LEFT, Kind.ERASED)]
    assert [line.kind for line in deeds] == [Kind.LEFT, Kind.ERASED]
    assert {line.mark for line in deeds} < known


def test_a_postgresql_server_names_nobody_in_its_folder_or_its_dump(tmp_path: Path) -> None:
    """Its own server, whose files hold nothing else: with the rows that are gone, and its log of changes."""
    with postgres.running(tmp_path / "server") as server:
        house = House(tmp_path / "home", tmp_path / "elsewhere" / "keys.json", server.get_uri())
        live(house, tmp_path / "taken")
        dump = tmp_path / "dump"
        dump.mkdir()
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            for (table,) in tables:
                with connection.cursor().copy(SQL("COPY {} TO STDOUT").format(Identifier(table))) as rows:
                    (dump / table).write_bytes(b"".join(rows))
            connection.execute("VACUUM")
            connection.execute("CHECKPOINT")
        secrets = [secret for secret in secrets_of(house) if secret not in PEOPLE]  # each begins with a stem
        assert stolen(tmp_path / "server", [WORDING.text]), "what lies there in clear is found"
        assert stolen(tmp_path / "server", secrets) == []
        assert (dump / "subscriber").read_bytes().count(b"\n") == len(PEOPLE) + 1, "one was erased, two came"
        assert stolen(dump, secrets_of(house)) == []
        assert stolen(tmp_path / "home", secrets) == stolen(tmp_path / "taken", secrets) == []
