"""Figures for Prometheus: for who shows the token, about nobody, and as the database has them."""

from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from newsletter.config import Settings, SettingsError, load
from newsletter.delivery.models import State
from newsletter.mail import Barrier, Reply, Take
from newsletter.notices import outbox
from subscribers import joining
from subscribers.consent import Wording
from tests.newsletter.conftest import NOW, Newsroom, messages
from tests.newsletter.conftest import newsroom as newsroom
from tests.web.conftest import on_both_databases
from tests.web.stage import on_stage

TOKEN = "0123456789abcdef0123"


def scraping(newsroom: Newsroom, token: str | None = TOKEN) -> TestClient:
    office = newsroom.office
    settings = Settings(home=Path("/nowhere"), base_url="https://news.example.org", metrics_token=token)
    app: FastAPI = on_stage(office.database, office.vault, settings, clock=newsroom.clock)
    return TestClient(app, base_url="https://news.example.org", headers={"Authorization": f"Bearer {TOKEN}"})


def figures(client: TestClient) -> dict[tuple[str, ...], float]:
    """By name and values of labels."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    return {
        (sample.name.removeprefix("newsletter_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


class HalfDeaf:
    """A way out that answers only for the first, and never for the others."""

    def run(self, take: Take, barrier: Barrier) -> None:
        replies: list[Reply] = []
        for message in messages(take):
            barrier(replies, [message.delivery])
            replies = [] if replies else [Reply(message.delivery, 250, "fine", complete=True)]


@on_both_databases
def test_figures_are_as_the_database_has_them_and_name_nobody(newsroom: Newsroom) -> None:
    client = scraping(newsroom)
    empty = figures(client)
    assert empty[("mailings", "paused")] == 0
    assert (empty[("doubts_open",)], empty[("attempts_last_minute",)], empty[("notices_oldest_seconds",)]) == (0, 0, 0)
    newsroom.add(*(f"reader{number}" for number in range(12)), languages="es,en")
    newsroom.add("lone", languages="vi")
    office = newsroom.office
    with office.database.write() as session:
        for address in ("dee@example.org", "eva@example.org"):
            joining.ask(session, office.vault, address=address, languages="es", wording=Wording("en", "Yes."), now=NOW)
        outbox.queue(session, office.vault, "dee@example.org", "invitation", {}, NOW - timedelta(minutes=5))
    mailing = newsroom.schedule()
    newsroom.send(HalfDeaf())
    found = figures(client)
    outcomes = newsroom.account(mailing).outcomes
    assert found[("mailings", "finished")] == 1
    assert {state: found[("deliveries", str(mailing), state)] for state in (State.ACCEPTED, State.IN_DOUBT)} == {
        state: outcomes[state] for state in (State.ACCEPTED, State.IN_DOUBT)
    }
    assert found[("doubts_open",)] == outcomes[State.IN_DOUBT] > 0
    assert found[("attempts_last_minute",)] == 13
    assert (found[("notices_waiting",)], found[("notices_oldest_seconds",)]) == (1, 300)
    assert found[("sign_ups_waiting",)] == 2
    assert (found[("subscribers", "subscribed")], found[("subscribers", "paused")]) == (13, 0)
    newsroom.later(days=8)
    later = figures(client)
    assert later[("attempts_last_minute",)] == 0
    assert not [name for name in later if name[0] == "deliveries"]


def test_few_readers_of_a_language_are_counted_with_others(newsroom: Newsroom) -> None:
    newsroom.add(*(f"reader{number}" for number in range(9)), languages="es")
    newsroom.add(*(f"person{number}" for number in range(6)), languages="en")
    newsroom.add("lone", languages="vi")
    found = figures(scraping(newsroom))
    languages = {name[1]: people for name, people in found.items() if name[0] == "subscribers_by_language"}
    assert languages == {"es": 9, "others": 7}


@pytest.mark.parametrize(
    "shown", ["", "Bearer", f"Basic {TOKEN}", f"Bearer {TOKEN}0", f"bearer {TOKEN[:-1]}", "Bearer é"]
)
def test_without_the_token_there_is_no_such_page(newsroom: Newsroom, shown: str) -> None:
    client = scraping(newsroom)
    assert client.get("/metrics", headers={b"Authorization": shown.encode()}).status_code == 404
    assert scraping(newsroom, token=None).get("/metrics").status_code == 404


def test_a_token_that_can_be_guessed_is_refused_and_not_shown() -> None:
    with pytest.raises(SettingsError, match="20 signs") as refused:
        load(metrics_token="secret-word")
    assert "secret-word" not in str(refused.value)
    assert TOKEN not in repr(load(metrics_token=TOKEN))
