"""The promise under kill -9 and with two senders at once: nobody lost, nobody doubled, every doubt counted."""

import random
import time
from collections import Counter
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from newsletter.delivery.models import State
from newsletter.transports.smtp import SmtpServer
from tests.flows.house import House, ended
from tests.newsletter.smtp_server import ScriptedServer, serving

pytestmark = pytest.mark.flow

PEOPLE = [f"reader{number}@example.org" for number in range(120)]


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> House:
    return House(tmp_path / "home", tmp_path / "keys.json", database_url)


def test_a_killed_sender_loses_nobody_and_doubles_nobody(house: House, tmp_path: Path) -> None:
    """Kills come after a random number of acceptances; the server's own log is the truth."""
    mailing = house.fill(PEOPLE)
    chance = random.Random(7)
    kills = 0
    with serving() as (server, port):
        house.transport = f"smtp://127.0.0.1:{port}?tls=none"
        for _ in range(2):
            work = house.start_work(tmp_path / "job.log")
            kills += _kill_after(work, server, len(server.accepted) + chance.randint(3, 40))
        assert ended(house.start_work(tmp_path / "job.log")) == 0
    arrived = Counter(server.recipients)
    account = house.account(mailing)
    doubts = account.outcomes[State.IN_DOUBT]
    assert kills == 2
    assert max(arrived.values()) == 1
    assert account.waiting == 0
    assert account.people == len(PEOPLE)
    assert doubts <= kills * SmtpServer.connections  # one per open connection
    assert len(PEOPLE) - doubts <= len(arrived)  # whoever is missing stands among the doubts
    assert account.outcomes[State.ACCEPTED] == len(PEOPLE) - doubts


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
    with serving() as (server, port):
        house.transport = f"smtp://127.0.0.1:{port}?tls=none"
        work = house.start_work(tmp_path / "job.log")
        _wait_for(server, 5, work)
        work.terminate()
        assert ended(work, within=30) == 0
    account = house.account(mailing)
    assert account.outcomes[State.IN_DOUBT] == 0
    assert account.outcomes[State.ACCEPTED] == len(server.accepted) < len(PEOPLE)
    assert account.waiting == len(PEOPLE) - len(server.accepted)


def _kill_after(work: BaseProcess, server: ScriptedServer, accepted: int) -> bool:
    _wait_for(server, accepted, work)
    alive = work.is_alive()
    work.kill()
    work.join()
    return alive


def _wait_for(server: ScriptedServer, accepted: int, work: BaseProcess) -> None:
    ends = time.monotonic() + 60
    while len(server.accepted) < accepted and work.is_alive() and time.monotonic() < ends:
        time.sleep(0.001)
