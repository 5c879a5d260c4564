"""The door as a browser meets it: ways in, ways out, and what strangers are told."""

import re
from datetime import timedelta

import pytest

from newsletter.desk import members, passwords
from newsletter.desk.models import Role
from newsletter.web.access import COOKIE
from newsletter.web.brake import MOST_FOR_ALL, MOST_FOR_ONE, WHILE
from tests.web.conftest import Web, on_both_databases
from tests.web.desk import PASSWORD, desk_client

OURS = {"Sec-Fetch-Site": "same-origin"}
NEW_PASSWORD = "harbour violet seventeen kites"


def _first_link(web: Web) -> str:
    with web.database.write() as session:
        return f"/desk/welcome/{members.first_link(session, web.now)}"


def _sign_in(web: Web, address: str, password: str) -> tuple[int, str]:
    answer = web.client(**OURS).post("/desk/sign-in", data={"address": address, "password": password})
    return answer.status_code, re.sub(r'value="[^"]*"', "", answer.text)


@on_both_databases
def test_the_first_link_makes_the_first_owner_once(web: Web) -> None:
    link, client = _first_link(web), web.client(**OURS)
    assert "Welcome to the desk" in client.get(link).text
    typed = {"name": "Rosa", "address": "rosa@example.org", "password": NEW_PASSWORD}
    assert client.post(link, data=typed).headers["Location"] == "/desk"
    assert "Rosa" in client.get("/desk").text
    assert web.client().get(link).status_code == 404
    assert web.client(**OURS).post(link, data=typed).status_code == 404
    with web.database.write() as session:
        assert members.first_link(session, web.now) is None


def test_looking_at_a_link_uses_nothing_up(web: Web) -> None:
    link = _first_link(web)
    assert [web.client().get(link).status_code for _ in range(3)] == [200] * 3


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"name": " "}, "Write the name"),
        ({"address": "rosa"}, "The address has no @."),
        ({"password": "short"}, "12 signs or more"),
        ({"password": "PasswordPassword"}, "Everybody tries this one first"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_the_rest_stays(web: Web, wrong: dict[str, str], says: str) -> None:
    typed = {"name": "Rosa", "address": "rosa@example.org", "password": NEW_PASSWORD} | wrong
    link = _first_link(web)
    answer = web.client(**OURS).post(link, data=typed)
    assert answer.status_code == 422
    assert says in answer.text
    (field,) = wrong
    assert f'id="{field}-error"' in answer.text
    assert typed["password"] not in answer.text
    assert web.client().get(link).status_code == 200


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(web: Web) -> None:
    desk_client(web, password=PASSWORD)
    answer = web.client(**OURS).post("/desk/sign-in", data={"address": "ana1@example.org", "password": PASSWORD})
    cookie = answer.headers["Set-Cookie"]
    assert {"HttpOnly", "Secure", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))


def _counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One more whenever a password is tried."""
    tried: list[str] = []
    verify = passwords._hasher().verify

    def counting(password: str, kept: str) -> bool:
        tried.append(password)
        return verify(password, kept)

    monkeypatch.setattr(passwords._hasher(), "verify", counting)
    return tried


def test_unknown_people_hear_the_same_words_after_the_same_work(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    known, gone, keyed = (desk_client(web, password=text) for text in (PASSWORD, PASSWORD, ""))
    with web.database.write() as session:
        members.end(session, known.member, members.of(session, gone.member.id), web.now)
    work = _counted(monkeypatch)
    addresses = ["ana1@example.org", "ana2@example.org", "ana3@example.org", "nobody@example.org", "no address", ""]
    answers = {_sign_in(web, address, NEW_PASSWORD) for address in addresses}
    assert len(answers) == 1
    assert answers.pop()[0] == 403
    assert len(work) == len(addresses)
    assert keyed.member.password is None


def test_the_brake_holds_for_whom_is_guessed_at_and_the_work_stays_the_same(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk_client(web, password=PASSWORD), desk_client(web, password=PASSWORD)
    work = _counted(monkeypatch)
    for _ in range(MOST_FOR_ONE):
        assert "Too many" not in _sign_in(web, "ana1@example.org", "wrong")[1]
    status, said = _sign_in(web, "ana1@example.org", PASSWORD)
    assert (status, "Too many tries" in said) == (403, True)
    assert len(work) == MOST_FOR_ONE + 1
    assert _sign_in(web, "ana2@example.org", PASSWORD)[0] == 303
    web.now += WHILE
    assert _sign_in(web, "ana1@example.org", PASSWORD)[0] == 303


def test_the_brake_holds_for_everyone_where_many_are_guessed_at(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "matches", lambda *_: False)  # the guesses' work would take long
    for number in range(MOST_FOR_ALL):
        _sign_in(web, f"ana{number}@example.org", "wrong")
    assert "Too many tries" in _sign_in(web, "somebody@example.org", "wrong")[1]


def test_right_passwords_are_no_tries(web: Web) -> None:
    desk_client(web, password=PASSWORD)
    for _ in range(MOST_FOR_ONE + 1):
        assert _sign_in(web, "ana1@example.org", PASSWORD)[0] == 303


def test_who_signs_out_is_out_and_the_other_browsers_stay(web: Web) -> None:
    desk = desk_client(web, password=PASSWORD)
    other = web.client(**OURS)
    other.post("/desk/sign-in", data={"address": "ana1@example.org", "password": PASSWORD})
    token = desk.client.cookies[COOKIE]
    assert desk.client.post("/desk/sign-out").headers["Location"] == "/desk/sign-in"
    desk.client.cookies.set(COOKIE, token)
    assert desk.client.get("/desk").status_code == 303
    assert other.get("/desk").status_code == 200


@on_both_databases
def test_a_link_for_a_new_password_changes_it_and_signs_out_everywhere(web: Web) -> None:
    owner, forgot = desk_client(web), desk_client(web, Role.EDITOR, password=PASSWORD)
    with web.database.write() as session:
        token = members.new_password_link(session, owner.member, members.of(session, forgot.member.id), web.now)
    client, link = web.client(**OURS), f"/desk/welcome/{token}"
    page = client.get(link).text
    assert "A new password" in page
    assert 'name="address"' not in page
    assert client.post(link, data={"password": "short"}).status_code == 422
    assert client.post(link, data={"password": NEW_PASSWORD}).status_code == 303
    assert client.get("/desk").status_code == 200
    assert forgot.client.get("/desk").status_code == 303
    assert _sign_in(web, "ana2@example.org", PASSWORD)[0] == 403
    assert _sign_in(web, "ana2@example.org", NEW_PASSWORD)[0] == 303
    assert web.client().get(link).status_code == 404


def test_a_session_in_use_lives_on_and_an_idle_one_ends(web: Web) -> None:
    desk = desk_client(web)
    for _ in range(4):
        web.now += timedelta(days=13)
        assert desk.client.get("/desk").status_code == 200
    web.now += timedelta(days=14)
    assert desk.client.get("/desk").headers["Location"] == "/desk/sign-in"
