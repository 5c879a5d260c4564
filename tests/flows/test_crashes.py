"""The promise under kill -9 and with two senders at once: nobody lost, nobody doubled, every doubt counted."""

import time
from collections import Counter
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from benchmarks.crash import Siege
from newsletter.delivery.models import State
from tests.flows.house import House, ended
from tests.newsletter.smtp_server import Script, ScriptedServer, serving

pytestmark = pytest.mark.flow

PEOPLE = [f"reader{number}@example.org" for number in range(120)]


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> House:
    return House(tmp_path / "home", tmp_path / "keys.json", database_url)


@pytest.mark.parametrize(("database_url", "workers"), [("sqlite", 1), ("postgres", 2)], indirect=["database_url"])
def test_killed_at_every_point_nobody_is_lost_and_nobody_doubled(house: House, tmp_path: Path, workers: int) -> None:
    """The short version of `python -m benchmarks.crash`: the mail server's own log is the truth."""
    toll = Siege(house, tmp_path, workers=workers, people=90, seed=7).run(kills=12)
    assert (toll.lost, toll.doubled, toll.missed) == (0, 0, set()), toll
    assert toll.holds, toll


def test_two_senders_at_once_send_each_mail_once(house: House, tmp_path: Path) -> None:
    mailing = house.fill(PEOPLE)
    with serving() as (server, port):
        house.transport = f"smtp://127.0.0.1:{port}?tls=none"
        both = [house.start_work(tmp_path / "job.log") for _ in range(2)]
        assert [ended(work) for work in both] == [0, 0]
    assert Counter(server.recipients) == Counter(PEOPLE)
    assert server.connections >= 1
    assert house.account(mailing).outcomes[State.ACCEPTED] == len(PEOPLE)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # a signal is no matter of SQL
def test_a_sender_told_to_stop_ends_with_nothing_in_doubt(house: House, tmp_path: Path) -> None:
    mailing = house.fill(PEOPLE)
    with serving(Script(delay=0.1)) as (server, port):
        house.transport = f"smtp://127.0.0.1:{port}?tls=none"
        work = house.start_work(tmp_path / "job.log")
        _wait_for(server, 5, work)
        work.terminate()
        assert ended(work, within=30) == 0
    account = house.account(mailing)
    assert account.outcomes[State.IN_DOUBT] == 0
    assert account.outcomes[State.ACCEPTED] == len(server.accepted) < len(PEOPLE)
    assert account.waiting == len(PEOPLE) - len(server.accepted)


def _wait_for(server: ScriptedServer, accepted: int, work: BaseProcess) -> None:
    ends = time.monotonic() + 60
    while len(server.accepted) < accepted and work.is_alive() and time.monotonic() < ends:
        time.sleep(0.001)
