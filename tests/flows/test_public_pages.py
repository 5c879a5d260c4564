"""Readers' pages in a browser: they fit, load nothing from elsewhere, work without script, exclude nobody."""

import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

import subscribers.models
from newsletter.config import Settings
from newsletter.db import Database
from newsletter.web.app import make_app
from subscribers.consent import Wording
from subscribers.keys import Keys
from subscribers.people import add
from subscribers.tokens import Purpose, make
from subscribers.vault import Vault
from tests.flows.everybody import excludes_nobody, fits
from tests.flows.pages import answering

pytestmark = pytest.mark.flow

LANGUAGES = ("en", "es", "vi", "ar")


@pytest.fixture(scope="module")
def links(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The unsubscribe link of one reader per language, on a server of this test's own."""
    home = tmp_path_factory.mktemp("home")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        database, vault = Database(f"sqlite:///{home / 'newsletter.db'}"), Vault(Keys.fresh())
        subscribers.models.Base.metadata.create_all(database.engine)
        app = make_app(database, vault, _settings(home, base_url))
        with closing(database), answering(app, listening):
            yield {language: f"{base_url}/u/{_join(database, vault, language)}" for language in LANGUAGES}


def _settings(home: Path, base_url: str) -> Settings:
    return Settings(home=home, base_url=base_url, brand="Example Network", postal_address="12 Example Street, Oakland")


def _join(database: Database, vault: Vault, language: str) -> str:
    with database.write() as session:
        person = add(
            session,
            vault,
            address=f"{language}@example.org",
            name="",
            languages=language,
            came_by="added",
            wording=Wording("en", "One mail a month."),
            now=datetime.now(UTC),
        )
    return make(vault, Purpose.LEAVE, person.id)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_fits_and_excludes_nobody(browser: Browser, links: dict[str, str], language: str) -> None:
    def look(page: Page) -> None:
        """The other languages differ in nothing but words."""
        excludes_nobody(page) if language in ("en", "ar") else fits(page, 320, 375, 1280)

    page = browser.new_page(locale=language, has_touch=True)
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(request.url))
    page.goto(links[language])
    look(page)
    for _leave_then_undo in range(2):
        page.get_by_role("button").click()
        page.wait_for_load_state()
        look(page)
    page.goto(links[language][:-1])
    look(page)
    assert page.locator("html").get_attribute("lang") == language
    host = links[language].partition("/u/")[0]
    assert {url for url in asked if not url.startswith(f"{host}/")} == set()
    page.close()


@pytest.mark.parametrize("language", ["es", "ar"])
def test_without_script_a_reader_leaves_and_comes_back(browser: Browser, links: dict[str, str], language: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(links[language])
    headings = [page.locator("h1").inner_text()]
    for _leave_then_undo in range(2):
        page.get_by_role("button").click()
        page.wait_for_load_state()
        headings.append(page.locator("h1").inner_text())
    assert len(set(headings)) == 3
    assert context.cookies() == []
    page.goto(links[language])
    assert page.locator("h1").inner_text() == headings[0], "they are on the list again"
    context.close()


def test_the_style_sheet_is_taken_under_the_strict_policy(browser: Browser, links: dict[str, str]) -> None:
    page = browser.new_page(color_scheme="dark")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(links["en"])
    read = "getComputedStyle(document.documentElement).backgroundColor"
    assert page.evaluate(read) == "rgb(17, 21, 31)"
    assert [text for text in said if "Content Security Policy" in text] == []
    page.close()
