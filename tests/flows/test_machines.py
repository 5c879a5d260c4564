"""Several machines on one PostgreSQL: they share each mailing, and one that dies loses nobody and doubles nobody."""

import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Event

import pytest

import scheduler
from newsletter.delivery.models import State
from newsletter.delivery.runners import queued
from newsletter.transports.smtp import SmtpServer
from tests.flows.house import House, ended
from tests.newsletter.smtp_server import Script, serving

pytestmark = pytest.mark.flow

PEOPLE = [f"reader{number}@example.org" for number in range(600)]
"""More than one worker claims at once."""


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> House:
    return House(tmp_path / "home", tmp_path / "keys.json", database_url)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_machines_share_a_mailing_and_one_that_is_killed_is_made_up_for(house: House, tmp_path: Path) -> None:
    house.extra["NEWSLETTER_RUNNER"] = "procrastinate"
    mailing = house.fill(PEOPLE)
    both_are_at_it = Event()
    with serving(Script(gate=both_are_at_it)) as (server, port):
        house.transport = f"smtp://127.0.0.1:{port}?tls=none"
        first, second = (house.start_work(tmp_path / "job.log", _work) for _ in range(2))
        _wait(lambda: len(server.accepted) > SmtpServer.connections, first, second)
        first.kill()
        both_are_at_it.set()
        _wait(lambda: house.account(mailing).waiting == 0, second)
        second.terminate()
        assert ended(second) == 0
    account = house.account(mailing)
    arrived = Counter(server.recipients)
    doubts = account.outcomes[State.IN_DOUBT]
    assert max(arrived.values()) == 1
    assert 0 < doubts <= SmtpServer.connections
    assert account.outcomes[State.ACCEPTED] == len(PEOPLE) - doubts <= len(arrived)


def _work() -> int:
    """`newsletter work` in a hurry: it looks every other second whether a sender died, and rests for one."""
    queued._BREATH = timedelta(seconds=1)
    scheduler.JOBS = tuple(
        job._replace(every=timedelta(seconds=2)) if job.run is scheduler.send else job for job in scheduler.JOBS
    )
    return scheduler.main([])


def _wait(for_this: Callable[[], bool], *workers: BaseProcess) -> None:
    """A job of a worker that died is taken for stalled after half a minute."""
    ends = time.monotonic() + 240
    while not for_this():
        assert time.monotonic() < ends
        assert all(worker.is_alive() for worker in workers)
        time.sleep(0.05)
