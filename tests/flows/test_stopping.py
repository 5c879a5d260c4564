"""Told to stop (SIGTERM), whatever keeps sending ends what is on the wire, claims no more, and goes."""

import socket
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

import scheduler
from newsletter.__main__ import main
from newsletter.delivery.models import State
from tests.flows.house import House, ended
from tests.newsletter.smtp_server import STALL, Script, serving

pytestmark = pytest.mark.flow

PEOPLE = [f"reader{number}@example.org" for number in range(200)]
WORK = partial(scheduler.main, [])
"""What `newsletter work` becomes."""


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> House:
    return House(tmp_path / "home", tmp_path / "keys.json", database_url)


@pytest.mark.parametrize(
    ("database_url", "runner", "words"),
    [("sqlite", "embedded", []), ("postgres", "procrastinate", []), ("sqlite", "embedded", ["run", "--port"])],
    indirect=["database_url"],
    ids=["work", "work with a queue", "run"],
)
def test_told_to_stop_in_the_middle_it_leaves_nobody_in_doubt(
    house: House, tmp_path: Path, runner: str, words: list[str]
) -> None:
    house.extra["NEWSLETTER_RUNNER"] = runner
    mailing = house.fill(PEOPLE)
    with serving(Script(delay=0.1)) as (server, port):
        house.transport = f"smtp://127.0.0.1:{port}?tls=none"
        life, arguments = (main, [*words, _free_port()]) if words else (WORK, [])
        work = house.start_work(tmp_path / "job.log", life, *arguments)
        _wait(lambda: len(server.accepted) > 10)
        work.terminate()
        assert ended(work, within=30) == 0
    account = house.account(mailing)
    assert account.outcomes[State.IN_DOUBT] == 0
    assert account.outcomes[State.ACCEPTED] == len(server.accepted) < len(PEOPLE)
    assert account.waiting == len(PEOPLE) - len(server.accepted)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_never_answers_holds_nobody_up_and_only_what_had_its_dot_is_in_doubt(house: House, tmp_path: Path) -> None:
    mailing = house.fill(PEOPLE)
    script = Script({"dot": [STALL] * 2, "rcpt": ["250 fine"] * 2 + [STALL] * 2})
    with serving(script) as (server, port):
        house.transport = f"smtp://127.0.0.1:{port}?tls=none&connections=4"
        work = house.start_work(tmp_path / "job.log", _impatient)
        _wait(lambda: not any(script.replies.values()))
        work.terminate()
        assert ended(work, within=10) == 0
        assert server.accepted == []
        assert ended(house.start_work(tmp_path / "job.log")) == 0
    account = house.account(mailing)
    assert account.outcomes[State.IN_DOUBT] == 2
    assert account.outcomes[State.ACCEPTED] == len(server.accepted) == len(PEOPLE) - 2


def _impatient() -> int:
    scheduler.PATIENCE = 1
    return scheduler.main([])


def _free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return str(server.getsockname()[1])


def _wait(for_this: Callable[[], bool]) -> None:
    ends = time.monotonic() + 60
    while not for_this() and time.monotonic() < ends:
        time.sleep(0.01)
