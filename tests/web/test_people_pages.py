"""The people who work here: invited by a mail, kept by owners, and one's own account."""

import email
import email.policy
import json
import re
from itertools import product
from threading import Event

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from newsletter.desk import members
from newsletter.desk.models import Deed, Invitation, Member, Role
from newsletter.notices.models import Notice
from newsletter.notices.outbox import Postroom, send_waiting
from newsletter.transports.smtp import SmtpServer, SmtpTransport
from newsletter.web.access import COOKIE
from newsletter.web.brake import MOST_FOR_ONE
from tests.desk.authenticator import Authenticator
from tests.journals import journal
from tests.newsletter.smtp_server import serving
from tests.web.caught import text_of
from tests.web.conftest import Web, on_both_databases
from tests.web.desk import PASSWORD, Desk, desk_client

OURS = {"Sec-Fetch-Site": "same-origin"}
NEW_PASSWORD = "harbour violet seventeen kites"
HOST = "https://news.example.org"


def _mailed_link(web: Web) -> tuple[str, str]:
    """Send what waits over a real SMTP server: to whom, and the path of the link in it."""
    with serving() as (server, port):
        postroom = Postroom(web.database, web.vault, "news@example.org", "", lambda: web.now, journal())
        send_waiting(postroom, SmtpTransport(SmtpServer("127.0.0.1", port, "none")), Event())
    ((recipient, data),) = server.accepted
    text = text_of(email.message_from_bytes(data, policy=email.policy.default))
    (link,) = re.findall(rf"^{HOST}(/desk/welcome/\S+)", text, re.MULTILINE)
    return recipient, link


def _member(web: Web, number: int) -> Member:
    with web.database.read() as session:
        return members.of(session, number)


@on_both_databases
def test_an_invitation_is_mailed_and_its_link_makes_a_member(web: Web) -> None:
    owner = desk_client(web)
    form = {"address": "eva@example.org", "role": "translator", "languages": ["en"]}
    assert owner.client.post("/desk/people/invite", data=form).headers["Location"].startswith("/desk/people?")
    assert "One translator" in owner.client.get("/desk/people").text
    recipient, link = _mailed_link(web)
    assert recipient == "eva@example.org"
    client = web.client(**OURS)
    typed = {"name": "Eva", "address": "eva@example.org", "password": NEW_PASSWORD}
    assert client.post(link, data=typed).headers["Location"] == "/desk"
    assert client.get("/desk").status_code == 200
    assert client.get("/desk/people").status_code == 403
    eva = _member(web, 2)
    assert (eva.role, eva.languages) == (Role.TRANSLATOR, "en")
    page = owner.client.get("/desk/people").text
    assert "Two people work here." in page
    assert "eva@" not in page


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"address": "eva"}, "The address has no @."),
        ({"role": "king"}, "Choose one of the roles."),
        ({"role": "translator"}, "Choose at least one language for a translator."),
        ({"role": "translator", "languages": ["xx"]}, "Choose at least one language for a translator."),
    ],
)
def test_an_invitation_that_cannot_be_leaves_nothing_behind(web: Web, wrong: dict[str, object], says: str) -> None:
    owner = desk_client(web)
    answer = owner.client.post("/desk/people/invite", data={"address": "eva@example.org", "role": "editor"} | wrong)
    assert (answer.status_code, says in answer.text) == (422, True)
    with web.database.read() as session:
        assert not session.scalars(select(Notice)).all()
        assert not session.scalars(select(Invitation)).all()


def test_a_forgotten_password_is_mended_by_a_mailed_link(web: Web) -> None:
    owner, forgot = desk_client(web), desk_client(web, Role.EDITOR, password=PASSWORD)
    assert owner.client.post(f"/desk/people/{forgot.member.id}/link").status_code == 303
    recipient, link = _mailed_link(web)
    assert recipient == "ana2@example.org"
    client = web.client(**OURS)
    assert client.post(link, data={"password": NEW_PASSWORD}).status_code == 303
    assert client.get("/desk").status_code == 200


@on_both_databases
def test_owners_change_roles_end_and_bring_back(web: Web) -> None:
    owner, other = desk_client(web), desk_client(web, Role.EDITOR)
    place = f"/desk/people/{other.member.id}"
    assert owner.client.post(f"{place}/role", data={"role": "list keeper"}).status_code == 303
    assert _member(web, other.member.id).role is Role.LIST_KEEPER
    assert other.client.get("/desk").status_code == 303
    said = owner.client.get(owner.client.post(f"{place}/end").headers["Location"]).text
    assert "Ana 2 may no longer sign in." in said
    (undo,) = re.findall(r'action="([^"]+)"><button type="submit">Undo', said)
    assert _member(web, other.member.id).ended_at == web.now
    assert owner.client.post(undo).status_code == 303
    assert _member(web, other.member.id).ended_at is None
    with web.database.read() as session:
        assert {"changed role", "ended membership", "brought back"} <= set(session.scalars(select(Deed.what)))


def test_the_last_owner_is_told_why_they_stay_one(web: Web) -> None:
    owner = desk_client(web)
    for deed in ("end", "role"):
        answer = owner.client.post(f"/desk/people/{owner.member.id}/{deed}", data={"role": "editor"})
        assert (answer.status_code, "There must be an owner" in answer.text) == (422, True)
    assert owner.client.get("/desk").status_code == 200


def test_an_invitation_is_taken_back(web: Web) -> None:
    owner = desk_client(web)
    owner.client.post("/desk/people/invite", data={"address": "eva@example.org", "role": "editor"})
    _, link = _mailed_link(web)
    (place,) = re.findall(r'action="([^"]+/take-back)"', owner.client.get("/desk/people").text)
    assert owner.client.post(place).status_code == 303
    assert web.client().get(link).status_code == 404


def test_nobody_has_that_number(web: Web) -> None:
    owner = desk_client(web)
    for number, deed in product(["0", "99", "x", "9" * 30, "-1"], ["link", "role", "end", "bring-back"]):
        answer = owner.client.post(f"/desk/people/{number}/{deed}", data={"role": "editor"})
        assert answer.status_code in (404, 422), (number, deed)
        assert owner.client.get(f"/desk/people?done=ended&who={number}").status_code in (200, 422)


def test_a_hostile_name_is_shown_as_text_everywhere(web: Web) -> None:
    owner = desk_client(web)
    with web.database.write() as session:
        members.of(session, owner.member.id).name = "<script>alert(1)</script>"
    for path in ("/desk/people", "/desk/account", "/desk/people?done=ended&who=1", "/desk"):
        assert "<script>alert" not in owner.client.get(path).text


def _change(desk: Desk, present: str, password: str) -> tuple[int, str]:
    answer = desk.client.post("/desk/account/password", data={"present": present, "password": password})
    return answer.status_code, answer.text


def test_a_changed_password_signs_out_all_other_browsers(web: Web) -> None:
    desk = desk_client(web, Role.TRANSLATOR, password=PASSWORD)
    before = desk.client.cookies[COOKIE]
    other = web.client(**OURS)
    other.post("/desk/sign-in", data={"address": "ana1@example.org", "password": PASSWORD})
    assert "not your present password" in _change(desk, "wrong", NEW_PASSWORD)[1]
    assert "12 signs or more" in _change(desk, PASSWORD, "short")[1]
    assert _change(desk, PASSWORD, NEW_PASSWORD)[0] == 303
    assert "Your password is changed" in desk.client.get("/desk/account?done=password").text
    assert other.get("/desk").status_code == 303
    old = web.client()
    old.cookies.set(COOKIE, before)
    assert old.get("/desk").status_code == 303
    assert desk.client.get("/desk").status_code == 200


def test_the_present_password_cannot_be_guessed_at_on_the_account_page(web: Web) -> None:
    desk = desk_client(web, password=PASSWORD)
    for _ in range(MOST_FOR_ONE):
        _change(desk, "wrong", NEW_PASSWORD)
    assert "Too many tries" in _change(desk, PASSWORD, NEW_PASSWORD)[1]


def test_sessions_are_seen_and_ended(web: Web) -> None:
    desk = desk_client(web, password=PASSWORD)
    others = [web.client(**OURS, **{"User-Agent": "Chrome/150 (Macintosh; Mac OS X)"}) for _ in range(3)]
    for other in others:
        other.post("/desk/sign-in", data={"address": "ana1@example.org", "password": PASSWORD})
    page = desk.client.get("/desk/account").text
    assert page.count("This browser") == 1
    assert page.count("<strong>Chrome on Mac</strong>") == 3
    places = re.findall(r'action="(/desk/account/sessions/\d+/end)"', page)
    assert desk.client.post(places[0]).status_code == 303
    assert sorted(other.get("/desk").status_code for other in others) == [200, 200, 303]
    desk.client.post("/desk/account/sessions/end-others")
    assert {other.get("/desk").status_code for other in others} == {303}
    assert desk.client.get("/desk").status_code == 200


def test_nobody_ends_the_sessions_of_another(web: Web) -> None:
    rosa, eva = desk_client(web), desk_client(web)
    with web.database.read() as session:
        number = session.execute(select(Member.id).where(Member.id == rosa.member.id)).scalar_one()
    eva.client.post(f"/desk/account/sessions/{number}/end")
    assert rosa.client.get("/desk").status_code == 200


def _json(client: TestClient, path: str, body: object) -> tuple[int, dict[str, str]]:
    answer = client.post(path, json=body)
    return answer.status_code, answer.json()


@on_both_databases
def test_a_passkey_is_added_and_opens_the_door_once_for_each_challenge(web: Web) -> None:
    desk, key = desk_client(web, Role.EDITOR), Authenticator(HOST, "news.example.org")
    asked = desk.client.post("/desk/account/passkeys/challenge", json={}).text
    made = {"credential": json.loads(key.create(asked)), "name": "My phone"}
    assert _json(desk.client, "/desk/account/passkeys", made)[0] == 200
    assert _json(desk.client, "/desk/account/passkeys", made)[0] == 403
    assert "My phone" in desk.client.get("/desk/account").text
    client = web.client(**OURS)
    answer = {"credential": json.loads(key.get(client.post("/desk/passkeys/challenge", json={}).text))}
    assert _json(client, "/desk/passkeys/sign-in", answer) == (200, {"to": "/desk"})
    assert client.get("/desk").status_code == 200
    assert _json(client, "/desk/passkeys/sign-in", answer)[0] == 403
    assert (
        "only way in" in desk.client.get(desk.client.post("/desk/account/passkeys/1/remove").headers["Location"]).text
    )


def test_a_challenge_of_one_adds_no_key_to_another(web: Web) -> None:
    rosa, eva, key = desk_client(web), desk_client(web), Authenticator(HOST, "news.example.org")
    asked = rosa.client.post("/desk/account/passkeys/challenge", json={}).text
    made = {"credential": json.loads(key.create(asked)), "name": "Mine"}
    assert _json(eva.client, "/desk/account/passkeys", made)[0] == 403


@pytest.mark.parametrize("body", [{}, {"credential": {}}, {"credential": "x"}, {"credential": {"rawId": "x"}}, [], 7])
def test_junk_is_refused_at_both_ends(web: Web, body: object) -> None:
    desk = desk_client(web)
    for client, path in ((web.client(**OURS), "/desk/passkeys/sign-in"), (desk.client, "/desk/account/passkeys")):
        assert client.post(path, json=body).status_code in (403, 422)
