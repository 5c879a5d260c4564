"""The demonstration's pages in a browser, and the process that serves them."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, ConsoleMessage, Page

from newsletter import wiring
from newsletter.config import Settings
from newsletter.db import Database
from newsletter.web.__main__ import main
from tests.conftest import BASES
from tests.flows.everybody import excludes_nobody
from tests.flows.pages import answering
from tests.web.printed import catch, demonstration, mail_out, print_issue

pytestmark = pytest.mark.flow

HOSTILE = b"""Subject: Kept\r\nContent-Type: text/html\r\n\r\n<html lang="en"><head><title>x</title>
<meta http-equiv="refresh" content="0; url=/taken">
<link rel="stylesheet" href="https://example.com/a.css"><base href="https://example.com/"></head>
<body onload="top.location = '/taken'"><script>top.location = '/taken'</script>
<img src="https://example.com/pixel.gif" alt=""><iframe src="https://example.com/"></iframe>
<form action="/taken" target="_top"><button>Go</button></form></body></html>
"""


@dataclass
class Served:
    """A demonstration that is served."""

    url: str
    pages: dict[str, str]
    """Their paths, by a short name."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A demonstration on a server of this test's own: editions, a mailing, and each edition caught once."""
    home = tmp_path_factory.mktemp("home")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        database = Database(f"sqlite:///{home / 'newsletter.db'}")
        for base in BASES:
            base.metadata.create_all(database.engine)
        with closing(database), answering(demonstration(database, home, url), listening):
            yield Served(url, _filled(database, home, url))


def _filled(database: Database, home: Path, url: str) -> dict[str, str]:
    numbers = print_issue(database)
    mail_out(database, numbers)
    raw = {
        language: requests.get(f"{url}/editions/{number}/raw", timeout=60).content
        for language, number in numbers.items()
    }
    bare, hostile = catch(home, b"To: nobody@example.org\r\n\r\nno HTML", HOSTILE)
    keys = dict(zip(raw, catch(home, *raw.values()), strict=True))
    return {
        "overview": "/",
        "parts": "/desk/parts",
        "edition": f"/editions/{numbers['en']}",
        "edition from right to left": f"/editions/{numbers['ar']}",
        "inbox": "/inbox",
        "mail": f"/inbox/{keys['vi']}",
        "mail without HTML": f"/inbox/{bare}",
        "hostile mail": f"/inbox/{hostile}",
    }


def opened(browser: Browser, address: str) -> tuple[Page, list[str]]:
    """A page, and the addresses that it asked for; what a policy kept back (Chromium says "csp") never left."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    asked: list[str] = []
    page.on("requestfinished", lambda request: asked.append(request.url))
    page.on("requestfailed", lambda request: None if request.failure == "csp" else asked.append(request.url))
    page.goto(address)
    return page, asked


def test_every_page_fits_excludes_nobody_and_loads_nothing_from_elsewhere(browser: Browser, served: Served) -> None:
    for name in ("overview", "parts", "edition from right to left", "inbox", "mail"):
        path = served.pages[name]
        page, asked = opened(browser, served.url + path)
        excludes_nobody(page, also=(900, 720, 320))
        assert {url for url in asked if not url.startswith(f"{served.url}/")} == set()
        page.close()


def test_the_policies_let_our_own_style_and_frames_through(browser: Browser, served: Served) -> None:
    for name in ("overview", "mail"):
        page = browser.new_page(color_scheme="dark")
        said: list[str] = []
        page.on("console", partial(_note, said))
        page.goto(served.url + served.pages[name])
        assert [text for text in said if "Content Security Policy" in text] == []
        assert page.locator(".wrap").first.evaluate("wrap => getComputedStyle(wrap).maxWidth") == "1248px"
        page.close()


def _note(said: list[str], message: ConsoleMessage) -> None:
    said.append(message.text)


def test_the_frames_show_the_mail_at_both_widths(browser: Browser, served: Served) -> None:
    page, _ = opened(browser, served.url + served.pages["edition"])
    frames = page.frames[1:]
    assert [frame.evaluate("innerWidth") for frame in frames] == [640, 375]
    for frame in frames:
        assert "Dear Ana" in frame.locator("body").inner_text()
        assert frame.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.close()


@pytest.mark.parametrize("framed", [True, False], ids=["in the frame", "by itself"])
def test_the_link_for_leaving_in_a_caught_mail_leads_to_its_page(
    browser: Browser, served: Served, framed: bool
) -> None:
    page, _ = opened(browser, served.url + served.pages["mail"] + ("" if framed else "/html"))
    page.frames[-1].locator('a[href*="/u/"]').first.click()
    page.wait_for_url(f"{served.url}/u/*")
    assert page.locator("h1").inner_text() == "This link does not work.", "the sample's link is nobody's"
    page.close()


def test_what_a_hostile_mail_tries_does_not_happen(browser: Browser, served: Served) -> None:
    page, asked = opened(browser, served.url + served.pages["hostile mail"])
    page.wait_for_timeout(200)
    assert page.url == served.url + served.pages["hostile mail"]
    assert page.title().startswith("Kept")
    assert {url for url in asked if not url.startswith(f"{served.url}/")} == set()
    mails = [frame for frame in page.frames if frame.url.endswith("/html")]
    assert len(mails) == 2
    mails[0].locator("button").click()
    page.wait_for_timeout(200)
    assert page.url == served.url + served.pages["hostile mail"]
    assert [url for url in asked if "taken" in url] == []
    page.close()


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER_")}
    return kept | {"NEWSLETTER_HOME": str(tmp_path / "home"), "NEWSLETTER_KEYS": str(tmp_path / "keys.json")}


def test_the_program_serves_on_this_machine_and_writes_down_nobody(environment: dict[str, str], tmp_path: Path) -> None:
    wiring.make_home(Settings(home=tmp_path / "home", keys=tmp_path / "keys.json"), "").close()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = subprocess.Popen(
        [sys.executable, "-m", "newsletter.web", str(port)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        answer = _get(f"http://localhost:{port}/u/AAAAAAAAAAAAAAAAAAAAAA")
    finally:
        program.terminate()
        said, _ = program.communicate(timeout=60)
    assert answer.status_code == 404
    assert "server" not in answer.headers
    assert said == b""


def _get(url: str) -> requests.Response:
    """The answer of a server that is just starting."""
    ends = time.monotonic() + 60
    while True:
        try:
            return requests.get(url, headers={"X-Forwarded-For": "192.0.2.1"}, timeout=60)
        except requests.ConnectionError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.1)


@pytest.mark.parametrize("extra", [{}, {"NEWSLETTER_TIMEZONE": "Nowhere"}], ids=["no home", "a wrong setting"])
def test_what_is_wrong_with_the_settings_is_one_sentence(
    environment: dict[str, str],
    extra: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in (environment | extra).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["newsletter.web", "8000"])
    assert main() == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
