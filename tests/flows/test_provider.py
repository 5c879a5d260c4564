"""The promise through a provider's API under kill -9; what its events know settles most doubts."""

import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Event

import pytest

from newsletter.delivery import witnessing
from newsletter.delivery.models import State
from newsletter.transports.mailgun import MailgunAccount, MailgunTransport
from newsletter.wiring import utc_now
from tests.flows.house import House, ended
from tests.newsletter.mailgun_server import Act, Mailgun, playing

pytestmark = pytest.mark.flow

PEOPLE = [f"reader{number}@example.org" for number in range(60)]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the ledger's own tests know both kinds
def test_a_killed_sender_loses_nobody_and_events_settle_its_doubts(tmp_path: Path, database_url: str) -> None:
    house = House(tmp_path / "home", tmp_path / "keys.json", database_url)
    mailing = house.fill(PEOPLE)
    killed = Event()
    with playing(*[Act()] * 20, *[Act(gate=killed)] * MailgunAccount.connections) as (mailgun, url):
        house.transport = url
        _kill_after(house.start_work(tmp_path / "job.log"), mailgun, accepted=21)
        killed.set()
        assert ended(house.start_work(tmp_path / "job.log")) == 0
        copies = Counter(mailgun.recipients)
        account = house.account(mailing)
        doubts = account.outcomes[State.IN_DOUBT]
        assert max(copies.values()) == 1
        assert (account.people, account.waiting) == (len(PEOPLE), 0)
        assert 0 < doubts <= MailgunAccount.connections  # one for each open request
        with house.opened() as newsletter:
            later = replace(newsletter.office, clock=lambda: utc_now() + timedelta(minutes=5))
            settled = witnessing.ask(later, MailgunTransport(MailgunAccount.from_url(url)), Event())
    account = house.account(mailing)
    assert account.outcomes[State.IN_DOUBT] == doubts - settled == len(PEOPLE) - len(copies)
    assert account.outcomes[State.ACCEPTED] == len(copies)
    said = house.run("mailings", "doubts", str(mailing))
    assert said.count("by its events") == settled
    assert "key-0123456789" not in said + (tmp_path / "job.log").read_text()


def _kill_after(work: BaseProcess, mailgun: Mailgun, accepted: int) -> None:
    ends = time.monotonic() + 60
    while len(mailgun.accepted) < accepted and work.is_alive() and time.monotonic() < ends:
        time.sleep(0.001)
    assert work.is_alive()
    work.kill()
    work.join()
