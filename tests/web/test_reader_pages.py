"""The list at the desk: counts for all, addresses for its keepers, and never one in an address bar."""

import re
from datetime import date

import pytest
from httpx2 import Response
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from starlette.testclient import TestClient

from newsletter.desk.models import Deed, Role
from newsletter.notices import outbox
from newsletter.notices.models import Notice
from newsletter.web.tongues import apart
from subscribers import joining
from subscribers.consent import Wording
from subscribers.head_counts import LEAST
from subscribers.models import HeadCount, State, Subscriber, Suppression
from tests.web.a_month import subscribe
from tests.web.conftest import Web, on_both_databases
from tests.web.desk import desk_client

PLACE = "/desk/readers"
ANA = {"address": "ana@example.com"}


def words(answer: Response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


@pytest.fixture
def keeper(web: Web) -> TestClient:
    subscribe(web, "ana", "ben", "cho", "dan", "eva", "fay")
    subscribe(web, "gil", "hoa", languages="vi,en")
    return desk_client(web, Role.LIST_KEEPER).client


@on_both_databases
def test_everyone_sees_counts_and_small_groups_are_told_by_no_number(web: Web, keeper: TestClient) -> None:
    page = desk_client(web, Role.TRANSLATOR).client.get(PLACE)
    assert "Eight people read it." in page.text
    assert "Tiếng Việt" not in page.text  # two of them: with the others
    assert "Find somebody" not in page.text
    assert "@example" not in page.text
    assert "Find somebody" in keeper.get(PLACE).text
    assert "Tiếng Việt" in keeper.get(PLACE).text  # who may see addresses may count them


@given(st.dictionaries(st.sampled_from(["", "en", "es", "vi", "ar"]), st.integers(0, 30)))
def test_no_group_can_be_subtracted_from_the_sum(counts: dict[str, int]) -> None:
    groups = apart(counts)
    assert sum(group.people for group in groups) == sum(counts.values())
    assert all(group.people >= LEAST for group in groups) or len(groups) == 1


@on_both_databases
def test_the_list_is_drawn_over_time_with_its_table(web: Web, keeper: TestClient) -> None:
    assert "a picture here shows how it grows" in keeper.get(PLACE).text
    with web.database.write() as session:
        for day, people in ((20, 30), (21, 42)):
            row = {"day": date(2026, 11, day), "state": State.SUBSCRIBED}
            session.add_all([HeadCount(**row, language="es", people=people), HeadCount(**row, language="", people=3)])
    page = keeper.get(PLACE)
    assert "From 33 on 20 November 2026 to 45 on 21 November 2026." in words(page)
    assert "21 November 2026 42 3 45 0 0" in words(page)
    assert "21 November 2026 45 0 0" in words(desk_client(web, Role.EDITOR).client.get(PLACE)), "three are too few"


def test_somebody_is_found_by_the_whole_address_alone(keeper: TestClient) -> None:
    found = keeper.post(f"{PLACE}/find", data={"address": "ANA@example.com"})
    assert "ana@example.com" in found.text
    assert "on the list" in words(found)
    missing = keeper.post(f"{PLACE}/find", data={"address": "an@example.com"})
    assert missing.status_code == 422
    assert "Nobody on the list has this address." in words(missing)


def test_taking_off_the_list_can_be_undone(web: Web, keeper: TestClient) -> None:
    answer = keeper.post(f"{PLACE}/unsubscribe", data=ANA)
    assert "off the list" in words(answer)
    assert f'action="{PLACE}/return"' in answer.text
    assert web.held("ana@example.com").state is State.LEFT
    assert "on the list again" in words(keeper.post(f"{PLACE}/return", data=ANA))
    assert web.held("ana@example.com").state is State.SUBSCRIBED


@on_both_databases
def test_erasing_asks_for_the_word_and_leaves_only_a_mark(web: Web, keeper: TestClient) -> None:
    assert "This cannot be undone." in keeper.post(f"{PLACE}/erase", data=ANA).text
    assert keeper.post(f"{PLACE}/erase/now", data=ANA | {"word": "yes"}).status_code == 422
    assert web.held("ana@example.com").state is State.SUBSCRIBED
    answer = keeper.post(f"{PLACE}/erase/now", data=ANA | {"word": " Erase "})
    assert answer.status_code == 303
    assert "example.com" not in answer.headers["location"]
    with web.database.read() as session:
        assert session.query(Subscriber).count() == 7
        assert session.query(Suppression).count() == 1
    assert "erased" in words(keeper.post(f"{PLACE}/find", data=ANA))


@pytest.mark.parametrize("deed", ["unsubscribe", "return", "erase/now"])
def test_what_was_done_to_nobody_is_neither_said_nor_noted(web: Web, keeper: TestClient, deed: str) -> None:
    answer = keeper.post(f"{PLACE}/{deed}", data={"address": "nobody@example.com", "word": "erase"})
    assert answer.status_code == 422
    assert "Nobody on the list has this address." in words(answer)
    with web.database.read() as session:
        assert "reader" not in " ".join(session.scalars(select(Deed.what)))


@pytest.mark.parametrize(
    ("change", "about"),
    [
        ({"address": "nobody"}, ["address"]),
        (ANA, ["address"]),
        ({"languages": "spanish!"}, ["languages"]),
        ({"consent": " "}, ["consent"]),
        ({"name": "Nu" * 200}, []),
    ],
)
def test_what_is_wrong_with_a_reader_is_said_at_its_field(
    keeper: TestClient, change: dict[str, str], about: list[str]
) -> None:
    form = {"address": "new@example.com", "name": "Nu", "languages": "es,en", "consent": "At the fair in May."}
    answer = keeper.post(f"{PLACE}/add", data=form | change)
    assert answer.status_code == 422
    assert answer.text.count('<p class="error"') == 1
    wrong = r'name="(\w+)"[^>]* aria-invalid="true" aria-describedby="[^"]*\b\1-error"'
    assert re.findall(wrong, answer.text) == about


def test_one_reader_is_added_with_proof(web: Web, keeper: TestClient) -> None:
    form = {"address": "new@example.com", "name": "Nu", "languages": "es,en", "consent": "At the fair in May."}
    assert keeper.post(f"{PLACE}/add", data=form).headers["location"].endswith("?said=added")
    assert web.held("new@example.com").consents[0].wording == "At the fair in May."
    again = keeper.post(f"{PLACE}/add", data=form)
    assert "on the list already" in words(again)
    assert 'value="new@example.com"' in again.text


def test_who_still_has_to_confirm_is_found_and_erased_with_the_mail_that_waits(web: Web, keeper: TestClient) -> None:
    address = "waits@example.com"
    with web.database.write() as session:
        told = Wording("en", "One mail a month.")
        joining.ask(session, web.vault, address=address, languages="es", wording=told, now=web.now)
        outbox.queue(session, web.vault, address, template="sign_up", values={"brand": "Ours"}, now=web.now)
    assert "waiting for their own confirmation" in words(keeper.post(f"{PLACE}/find", data={"address": address}))
    assert "They may sign up again." in words(keeper.post(f"{PLACE}/erase", data={"address": address}))
    assert keeper.post(f"{PLACE}/erase/now", data={"address": address, "word": "erase"}).status_code == 303
    assert "Nobody on the list has this address." in words(keeper.post(f"{PLACE}/find", data={"address": address}))
    with web.database.read() as session:
        assert session.query(Notice).count() == session.query(Suppression).count() == 0


def test_the_keeper_takes_the_list_along_and_it_is_written_down(web: Web, keeper: TestClient) -> None:
    answer = keeper.post(f"{PLACE}/export", data={"kind": "json"})
    assert len(answer.json()["readers"]) == 8
    assert answer.headers["content-disposition"].endswith('.json"')
    assert "no-store" in answer.headers["cache-control"]
    with web.database.read() as session:
        assert session.scalars(select(Deed.what).where(Deed.about == "json")).one() == "exported the list"
    assert desk_client(web, Role.EDITOR).client.post(f"{PLACE}/export").status_code == 403


def test_a_part_of_an_address_lists_whom_it_fits(keeper: TestClient) -> None:
    found = words(keeper.post(f"{PLACE}/find", data={"address": "N@exa"}))
    assert "2 hold “N@exa”" in found
    assert "Look at ben@example.com" in found
    assert keeper.post(f"{PLACE}/find", data={"address": "nobody-like-this"}).status_code == 422
