"""After a life with an indiscreet mail server, a thief with everything but the keys learns nobody's name."""

import json
from hashlib import blake2b, sha1, sha256
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from sqlalchemy import select

from newsletter.notices import outbox
from newsletter.wiring import Newsletter, utc_now
from subscribers import address_change, joining, leaving, retention
from subscribers.address_change import Side
from subscribers.addresses import normal
from subscribers.audience import is_reachable
from subscribers.journal_file import JournalFile, Kind
from subscribers.models import Subscriber
from subscribers.tokens import Purpose, make
from tests import postgres
from tests.flows.house import WORDING, House, ended
from tests.flows.theft import stolen
from tests.newsletter.smtp_server import DROP, Script, serving

pytestmark = pytest.mark.flow

PEOPLE = [f"maria.delgado{number}@homes.example.org" for number in range(12)]
JOINING = "maria.delgado99@homes.example.org"
MOVED, MOVING = "maria.delgado77@flats.example.org", "maria.delgado88@flats.example.org"


def sign_up(newsletter: Newsletter) -> None:
    """As the form does it."""
    values = {"brand": "The Network", "base_url": "https://news.example.org"}
    with newsletter.database.write() as session:
        joining.ask(session, newsletter.vault, address=JOINING, languages="es", wording=WORDING, now=utc_now())
        outbox.queue(session, newsletter.vault, JOINING, "sign_up", values, utc_now(), language="es")


def change_addresses(newsletter: Newsletter) -> None:
    """One reader moves, another is asked at both mailboxes."""
    with newsletter.database.write() as session:
        vault = newsletter.vault
        reachable = select(Subscriber.id).where(is_reachable()).limit(2)  # the server said of somebody: nobody there
        one, other = session.scalars(reachable).all()
        change = address_change.ask(session, vault, one, address=MOVED, now=utc_now()) or 0
        assert [address_change.agree(session, vault, change, side, utc_now()) is None for side in Side] == [True, False]
        assert address_change.ask(session, vault, other, address=MOVING, now=utc_now())


def tokens(house: House) -> list[str]:
    """What stands in links."""
    with house.opened() as newsletter:
        return [make(newsletter.vault, purpose, 1) for purpose in (Purpose.LEAVE, Purpose.CONFIRM)]


def keys_of(house: House) -> list[str]:
    """All that the key file holds, the older address key too."""
    held = json.loads(house.keys.read_text())
    return [*held["addresses"].values(), held["lookup"], *held["tokens"]]


def live(house: House, logs: Path) -> None:
    """Joining, a server that quotes addresses and hangs up, leaving, erasing, another key: everything once."""
    logs.mkdir()
    mailing = house.fill(PEOPLE)
    script = Script(
        {
            "rcpt": ["550 5.1.1 who is", "450 4.2.0 not now", "250 ok"],
            "dot": ["554 5.7.1 spam for"],
            "after": ["250 kept for", DROP],
        },
        echo=True,
    )
    with house.opened() as newsletter:
        sign_up(newsletter)
    with serving(script) as (server, port):
        house.transport = f"smtp://127.0.0.1:{port}?tls=none"
        for _ in range(2):
            assert ended(house.start_work(logs / "job.log")) == 0
        assert JOINING in server.recipients
    house.transport = "smtp://127.0.0.1:1?tls=none"
    assert ended(house.start_work(logs / "job.log")) == 0
    with house.opened() as newsletter, newsletter.database.write() as session:
        leaving.leave(session, newsletter.journal, 5, utc_now())
        retention.erase_now(session, newsletter.journal, 6, utc_now())
        assert joining.confirm(session, 1, utc_now())
    with house.opened() as newsletter:
        change_addresses(newsletter)
    (logs / "rotated").write_text(house.run("keys", "rotate"))
    (logs / "said").write_text(house.run("mailings", "show", str(mailing)))


def secrets_of(house: House) -> list[str]:
    """What a thief must not find."""
    names = (f"Reader {n}" for n in range(12))
    stems = ("maria.delgado", "homes.example.org", "flats.example.org")
    return [*PEOPLE, JOINING, MOVED, MOVING, *tokens(house), *keys_of(house), *stems, *names]


def test_home_and_logs_name_nobody(tmp_path: Path) -> None:
    house = House(tmp_path / "home", tmp_path / "elsewhere" / "keys.json", f"sqlite:///{tmp_path / 'home' / 'n.db'}")
    live(house, tmp_path / "logs")
    secrets = secrets_of(house)
    assert len(stolen(house.keys.parent, keys_of(house))) == 4, "where they are, they are found"
    assert stolen(tmp_path / "home", secrets) == []
    assert stolen(tmp_path / "logs", secrets) == []
    assert_journal_names_nobody(house, tmp_path / "journal")


def assert_journal_names_nobody(house: House, folder: Path) -> None:
    """The journal, stolen without the keys, which lie beside it."""
    (path,) = house.keys.parent.glob("*.journal")
    folder.mkdir()
    path.rename(folder / path.name)
    guesses = [hash_of(person.encode()).hexdigest() for person in PEOPLE for hash_of in (sha256, blake2b, sha1)]
    assert stolen(folder, [*secrets_of(house), *guesses]) == []
    with house.opened() as newsletter:
        known = {newsletter.vault.hash(normal(person)) for person in PEOPLE}
    deeds = [line for line in JournalFile(folder / path.name).read() if line and line.kind in (Kind.LEFT, Kind.ERASED)]
    assert [line.kind for line in deeds] == [Kind.LEFT, Kind.ERASED]
    assert {line.mark for line in deeds} < known


def test_a_postgresql_server_names_nobody_in_its_folder_or_its_dump(tmp_path: Path) -> None:
    """Its own server, whose files hold nothing else: with the rows that are gone, and its log of changes."""
    with postgres.running(tmp_path / "server") as server:
        house = House(tmp_path / "home", tmp_path / "elsewhere" / "keys.json", server.get_uri())
        live(house, tmp_path / "logs")
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
        assert (dump / "subscriber").read_bytes().count(b"\n") == len(PEOPLE), "one was erased, one came"
        assert stolen(dump, secrets_of(house)) == []
        assert stolen(tmp_path / "home", secrets) == stolen(tmp_path / "logs", secrets) == []
