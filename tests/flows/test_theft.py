"""After a life with an indiscreet mail server, a thief with everything but the keys learns nobody's name."""

import json
from pathlib import Path

import pytest

from newsletter.notices import outbox
from newsletter.wiring import Newsletter, utc_now
from subscribers import joining, leaving
from subscribers.tokens import Purpose, make
from tests.flows.house import WORDING, House, ended
from tests.flows.theft import stolen
from tests.journals import journal
from tests.newsletter.smtp_server import DROP, Script, serving

pytestmark = pytest.mark.flow

PEOPLE = [f"maria.delgado{number}@homes.example.org" for number in range(12)]
JOINING = "maria.delgado99@homes.example.org"


def sign_up(newsletter: Newsletter) -> None:
    """As the form does it."""
    values = {"brand": "The Network", "base_url": "https://news.example.org"}
    with newsletter.database.write() as session:
        joining.ask(session, newsletter.vault, address=JOINING, languages="es", wording=WORDING, now=utc_now())
        outbox.queue(session, newsletter.vault, JOINING, "sign_up", values, utc_now(), language="es")


def tokens(house: House) -> list[str]:
    """What stands in links."""
    with house.opened() as newsletter:
        return [make(newsletter.vault, purpose, 1) for purpose in (Purpose.LEAVE, Purpose.CONFIRM)]


def keys_of(house: House) -> list[str]:
    """All that the key file holds, the older address key too."""
    held = json.loads(house.keys.read_text())
    return [*held["addresses"].values(), held["lookup"], *held["tokens"]]


def test_home_and_logs_name_nobody(tmp_path: Path) -> None:
    """The PostgreSQL data folder is the server's; the same statements write it, and its own test reads its rows."""
    house = House(tmp_path / "home", tmp_path / "elsewhere" / "keys.json", f"sqlite:///{tmp_path / 'home' / 'n.db'}")
    (tmp_path / "logs").mkdir()
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
            assert ended(house.start_work(tmp_path / "logs" / "job.log")) == 0
        assert JOINING in server.recipients
    house.transport = "smtp://127.0.0.1:1?tls=none"
    assert ended(house.start_work(tmp_path / "logs" / "job.log")) == 0
    with house.opened() as newsletter, newsletter.database.write() as session:
        leaving.leave(session, journal(), 5, utc_now())
        assert joining.confirm(session, 1, utc_now())
    (tmp_path / "logs" / "rotated").write_text(house.run("keys", "rotate"))
    (tmp_path / "logs" / "said").write_text(house.run("mailings", "show", str(mailing)))
    secrets = [
        *PEOPLE,
        JOINING,
        *tokens(house),
        *keys_of(house),
        *(f"maria.delgado{n}" for n in range(12)),
        "homes.example.org",
        *(f"Reader {n}" for n in range(12)),
    ]
    assert len(stolen(house.keys.parent, keys_of(house))) == 4, "where they are, they are found"
    assert stolen(tmp_path / "home", secrets) == []
    assert stolen(tmp_path / "logs", secrets) == []
