"""The list keeper makes groups and topics, takes them away for a day, and puts readers into groups."""

import re

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from newsletter.desk.models import Deed, Role
from newsletter.web.site import LANGUAGES
from subscribers import groups, topics
from subscribers.models import Subscriber
from tests.web.a_month import subscribe
from tests.web.conftest import Web
from tests.web.desk import desk_client
from tests.web.test_reader_pages import words

PLACE = "/desk/readers"


@pytest.fixture
def keeper(web: Web) -> TestClient:
    return desk_client(web, Role.LIST_KEEPER).client


def test_a_group_is_made_with_a_page_and_its_form(web: Web, keeper: TestClient) -> None:
    made = keeper.post(f"{PLACE}/groups", data={"name": "Press", "slug": "news"})
    page = keeper.get(made.headers["location"])
    assert "The group was made." in words(page)
    assert "action=&#34;https://news.example.org/subscribe/news&#34;" in page.text
    refused = keeper.post(f"{PLACE}/groups", data={"name": "press", "slug": "other"})
    assert (refused.status_code, "There is a group “Press” already." in words(refused)) == (422, True)
    assert 'value="other"' in refused.text, "what was typed stays"
    assert keeper.post(f"{PLACE}/groups/1", data={"name": "The press", "slug": ""}).status_code == 303
    assert keeper.post(f"{PLACE}/groups/9", data={"name": "Nobody"}).status_code == 422
    with web.database.read() as session:
        assert [(group.name, group.slug) for group in groups.groups(session)] == [("The press", None)]


@pytest.mark.parametrize("kind", ["groups", "topics"])
def test_what_was_removed_comes_back_by_undo(web: Web, keeper: TestClient, kind: str) -> None:
    keeper.post(f"{PLACE}/{kind}", data={"name": "Housing"})
    gone = keeper.get(keeper.post(f"{PLACE}/{kind}/1/remove").headers["location"])
    assert "Housing" not in gone.text
    (undo,) = re.findall(r'action="([^"]+/restore)"', gone.text)
    assert "Housing" in keeper.get(keeper.post(undo).headers["location"]).text
    assert keeper.post(undo).status_code == 422, "it is back already"
    with web.database.read() as session:
        noted = session.execute(select(Deed.what, Deed.about).where(Deed.what.endswith(kind[:-1]))).all()
    assert [" ".join(deed) for deed in noted] == [
        f"made a {kind[:-1]} ",
        f"removed a {kind[:-1]} {kind[:-1]} 1",
        f"restored a {kind[:-1]} {kind[:-1]} 1",
    ]


def test_a_topic_has_a_name_in_each_language(web: Web, keeper: TestClient) -> None:
    keeper.post(f"{PLACE}/topics", data={"name": ["Housing", "Vivienda", "", "السكن"]})
    page = keeper.get(f"{PLACE}/groups")
    assert 'name="name" value="Vivienda" lang="es"' in page.text
    keeper.post(f"{PLACE}/topics/1", data={"name": ["", "Vivienda", "Nhà ở", ""]})
    assert keeper.post(f"{PLACE}/topics/1", data={"name": ["", "", "", ""]}).status_code == 422
    with web.database.read() as session:
        (topic,) = topics.topics(session)
        assert {name.language: name.name for name in topic.names} == {"es": "Vivienda", "vi": "Nhà ở"}
    assert len(LANGUAGES) == 4


def test_a_reader_is_put_into_groups_and_a_group_is_counted_by_language(web: Web, keeper: TestClient) -> None:
    subscribe(web, "ana", "ben", "cho", "dan", "eva")
    subscribe(web, "hoa", languages="vi")
    for name in ("Press", "Funders"):
        keeper.post(f"{PLACE}/groups", data={"name": name})
    shown = keeper.post(f"{PLACE}/person/groups", data={"address": "hoa@example.com", "group": "1"})
    assert re.findall(r'name="group" value="(\d)"( checked)?', shown.text) == [("2", ""), ("1", " checked")]
    assert web.held("hoa@example.com").groups == ("Press",)
    assert "Tiếng Việt 1" in words(keeper.get(f"{PLACE}?group=1"))
    everyone_sees = words(desk_client(web, Role.EDITOR).client.get(f"{PLACE}?group=1"))
    assert ("Tiếng Việt" in everyone_sees, "too few to tell apart" in everyone_sees) == (False, True)
    with web.database.write() as session:
        groups.put_in(session, 1, select(Subscriber.id))
    assert "All together 6" in words(desk_client(web, Role.EDITOR).client.get(f"{PLACE}?group=1"))
    assert keeper.get(f"{PLACE}?group=99999999999").status_code == 422
