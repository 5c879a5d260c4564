"""After a life with an indiscreet mail server, a thief with everything but the keys learns nobody's name."""

from pathlib import Path

import pytest

from newsletter.wiring import utc_now
from subscribers import leaving
from tests.flows.house import House, ended
from tests.flows.theft import stolen
from tests.newsletter.smtp_server import DROP, Script, serving

pytestmark = pytest.mark.flow

PEOPLE = [f"maria.delgado{number}@homes.example.org" for number in range(12)]


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
    with serving(script) as (_server, port):
        house.transport = f"smtp://127.0.0.1:{port}?tls=none"
        for _ in range(2):
            assert ended(house.start_work(tmp_path / "logs" / "job.log")) == 0
    house.transport = "smtp://127.0.0.1:1?tls=none"
    assert ended(house.start_work(tmp_path / "logs" / "job.log")) == 0
    with house.opened() as newsletter, newsletter.database.write() as session:
        leaving.leave(session, 5, utc_now())
    (tmp_path / "logs" / "said").write_text(house.run("mailings", "show", str(mailing)))
    secrets = [
        *PEOPLE,
        *(f"maria.delgado{n}" for n in range(12)),
        "homes.example.org",
        *(f"Reader {n}" for n in range(12)),
    ]
    assert stolen(tmp_path / "home", secrets) == []
    assert stolen(tmp_path / "logs", secrets) == []
