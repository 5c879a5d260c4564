"""What holds for every page: guards, headers, limits, and kind errors."""

from pathlib import Path

import pytest
from fastapi import APIRouter, Request

from issues.errors import TemplateBroken
from newsletter.config import Settings
from newsletter.web import access
from newsletter.web.security import DESK_POLICY, EXEMPT, HEADERS, LARGEST_BODY
from tests.web.conftest import Web
from tests.web.stage import on_stage

done: list[str] = []
more = APIRouter()
"""Routes for these tests alone."""


@more.api_route("/change", methods=["POST", "PUT", "PATCH", "DELETE"])
async def change(request: Request) -> str:
    done.append((await request.body()).decode())
    return "done"


@more.get("/number/{number}")
def number(number: int) -> int:
    return number


@more.get("/refuse")
def refuse() -> None:
    raise TemplateBroken("the template of the mail is broken in line 3")


@more.get("/fail")
def fail() -> None:
    raise RuntimeError("the secret of ana@example.org")


@pytest.fixture
def changed(web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Notes what the routes added for these tests were allowed to do; they ask nobody who they are."""
    monkeypatch.setattr(access, "ANYBODY", access.ANYBODY | {"change", "number", "refuse", "fail"})
    settings = Settings(home=tmp_path, base_url="https://news.example.org")
    web.app = on_stage(web.database, web.vault, settings, lambda: web.now, more)
    done.clear()
    return done


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Origin": "https://news.example.org"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "https://news.example.org"}, False),
        ({"Origin": "https://news.example.org.example.com"}, False),
        ({"Origin": "https://news.example.org:444"}, False),
        ({"Origin": "null"}, False),
        ({}, False),
    ],
)
def test_only_our_own_pages_may_change_something(
    web: Web, changed: list[str], headers: dict[str, str], taken: bool
) -> None:
    client = web.client(**headers)
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        changed.clear()
        assert client.request(method, "/change").status_code == (200 if taken else 403), method
        assert len(changed) == taken


def test_only_routes_that_no_cookie_goes_with_are_exempt() -> None:
    stamped = {"sign_up", "group_sign_up", "preferences_link", "address_ask"}
    by_link = {"one_click", "stay", "left_erase", "confirm", "preferences_save", "address_agree", "own_data", "erase"}
    assert stamped | by_link == EXEMPT


def test_a_browser_that_cannot_say_where_a_form_is_from_takes_its_reader_off_and_back(web: Web) -> None:
    """Browsers of before 2023, on a page without referrer."""
    token, client = web.join(), web.client(Origin="null")
    assert [client.post(f"/u/{token}{way}").status_code for way in ("", "/undo", "", "/erase")] == [200, 200, 200, 303]


@pytest.mark.parametrize("path", ["/", "/u/x", "/nowhere", "/fail", "/number/x", "/site.css", "/u/x/undo"])
def test_every_answer_carries_the_headers(web: Web, changed: list[str], path: str) -> None:
    answer = web.client().get(path)
    for name, value in HEADERS.items():
        if (path, name) != ("/site.css", "Cache-Control"):
            assert answer.headers[name] == value


def test_the_policy_allows_no_inline_code_and_no_frame(web: Web) -> None:
    policy = web.client().get("/").headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("host", ["example.com", "news.example.org.example.com", "", "localhost"])
def test_another_host_name_is_refused(web: Web, host: str) -> None:
    assert web.client(Host=host).get("/").status_code == 400


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json"])
def test_there_is_no_map_of_the_routes(web: Web, path: str) -> None:
    assert web.client().get(path).status_code == 404


def test_a_large_body_is_refused_whether_its_length_is_named_or_not(web: Web, changed: list[str]) -> None:
    client = web.client(**{"Sec-Fetch-Site": "same-origin"})
    blocks = [b"x" * 1024] * (LARGEST_BODY // 1024)
    assert client.post("/change", content=iter(blocks)).status_code == 200
    for content in (b"x" * (LARGEST_BODY + 1), iter([*blocks, b"x"])):
        answer = client.post("/change", content=content)
        assert answer.status_code == 413
        assert "<h1>That is too much at once.</h1>" in answer.text
        assert answer.headers.items() >= {name.lower(): value for name, value in HEADERS.items()}.items()
    assert len(changed) == 1


def test_an_error_at_the_desk_shows_the_way_on(web: Web) -> None:
    spanish = {"Accept-Language": "es"}
    missing = web.client(**spanish).get("/desk/nowhere").text
    assert "<h1>There is no such page.</h1>" in missing  # the desk speaks English
    assert 'href="/desk"' in missing
    assert 'href="/desk' not in web.client(**spanish).get("/nowhere").text
    ended = web.client(**{"Sec-Fetch-Site": "same-origin"}).post("/desk/sign-out")
    assert ended.status_code == 401
    assert 'href="/desk/sign-in"' in ended.text


def test_every_page_names_its_icon_and_no_visit_asks_in_vain(web: Web) -> None:
    assert 'rel="icon" href="/icon.svg"' in web.client().get("/nowhere").text
    for path in ("/icon.svg", "/favicon.ico"):
        assert web.client().get(path).headers["Content-Type"] == "image/svg+xml"


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/nowhere", 404, "Esa página no existe."),
        ("/number/x", 422, "Eso no funcionó."),
        ("/change", 405, "Eso no funcionó."),
        ("/fail", 500, "Algo falló de nuestro lado."),
    ],
)
def test_errors_are_kind_pages_in_the_browsers_language(
    web: Web, changed: list[str], path: str, status: int, says: str
) -> None:
    answer = web.client(**{"Accept-Language": "es"}).get(path)
    assert answer.status_code == status
    assert f"<h1>{says}</h1>" in answer.text
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


def test_what_a_room_refuses_is_said_on_a_page(web: Web, changed: list[str]) -> None:
    answer = web.client().get("/refuse")
    assert answer.status_code == 409
    assert "The template of the mail is broken in line 3." in answer.text


def test_the_style_sheet_may_be_kept_and_asks_for_nothing_else(web: Web) -> None:
    answer = web.client().get("/site.css")
    assert answer.headers["Content-Type"].startswith("text/css")
    assert "max-age" in answer.headers["Cache-Control"]
    assert "url(" not in answer.text
    assert "@import" not in answer.text


def test_the_desk_runs_our_own_scripts_alone(web: Web) -> None:
    answer = web.client().get("/desk/sign-in")
    assert answer.headers["Content-Security-Policy"] == DESK_POLICY
    assert "unsafe" not in DESK_POLICY
    script = web.client().get("/desk/js/passkeys.js")
    assert script.headers["Content-Type"].startswith("text/javascript")
    for path in ("/desk/js/none.js", "/desk/js/..%2Fsite.css.js", "/desk/js/%2E%2E/site.js"):
        assert web.client().get(path).status_code == 404
