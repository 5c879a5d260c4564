"""The demonstration's door without a lock: it leads to the made-up owner alone, and is there in no real newsletter."""

from dataclasses import replace
from pathlib import Path

import pytest

from newsletter.config import Settings
from newsletter.db import Database
from newsletter.desk import guest, members
from newsletter.desk.errors import NoMember
from newsletter.desk.models import Role
from newsletter.web.access import COOKIE
from tests.web.conftest import Web, web  # noqa: F401 - a fixture
from tests.web.desk import desk_client
from tests.web.stage import on_stage

OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def demonstration(web: Web, tmp_path: Path) -> Web:  # noqa: F811 - the fixture
    settings = Settings(home=tmp_path, base_url="https://news.example.org", demo=True)
    return replace(web, app=on_stage(web.database, web.vault, settings, clock=lambda: web.now))


def _settle(made: Web) -> None:
    with made.database.write() as session:
        guest.settle(session, made.vault, made.now)


def test_outside_of_a_demonstration_there_is_no_such_door(web: Web) -> None:  # noqa: F811 - the fixture
    _settle(web)
    answer = web.client(**OURS).post("/desk/guest")
    assert (answer.status_code, answer.cookies.get(COOKIE)) == (404, None)
    assert "Rosa" not in web.client().get("/desk/sign-in").text


def test_in_a_demonstration_it_opens_the_desk_as_its_owner(demonstration: Web) -> None:
    _settle(demonstration)
    client = demonstration.client(**OURS)
    assert "Come in as Rosa" in client.get("/desk/sign-in").text
    assert client.post("/desk/guest").headers["Location"] == "/desk"
    assert client.get("/desk/settings").status_code == 200


def test_a_real_owner_is_never_signed_in_this_way(demonstration: Web) -> None:
    """Also where somebody marks the home of a real newsletter as a demonstration."""
    desk_client(demonstration, Role.OWNER)
    answer = demonstration.client(**OURS).post("/desk/guest")
    assert (answer.status_code, answer.cookies.get(COOKIE)) == (404, None)


def test_other_sites_cannot_press_the_button(demonstration: Web) -> None:
    _settle(demonstration)
    assert demonstration.client(**{"Sec-Fetch-Site": "cross-site"}).post("/desk/guest").status_code == 403


def test_where_somebody_works_already_she_is_not_made(database: Database, web: Web) -> None:  # noqa: F811 - the fixture
    desk_client(web, Role.OWNER)
    with database.write() as session, pytest.raises(NoMember):
        guest.settle(session, web.vault, web.now)


def test_once_her_membership_ended_nobody_comes_in_as_her(demonstration: Web) -> None:
    _settle(demonstration)
    owner = desk_client(demonstration, Role.OWNER)
    with demonstration.database.write() as session:
        rosa = next(m for m in members.everyone(session) if m.name == guest.NAME)
        members.end(session, owner.member, rosa, demonstration.now)
    assert demonstration.client(**OURS).post("/desk/guest").status_code == 404
