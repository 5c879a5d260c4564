"""A person joins, changes how it comes, pauses, leaves and comes back; a mail scanner that follows links cannot."""

import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import select

from newsletter.config import Settings
from newsletter.db import Database
from newsletter.web.app import make_app
from subscribers.errors import NotFound
from subscribers.keys import Keys
from subscribers.models import Subscriber
from subscribers.people import show
from subscribers.vault import Vault
from tests.conftest import BASES
from tests.flows.everybody import excludes_nobody, fits
from tests.flows.pages import answering
from tests.web.caught import Mailbox, text_of

pytestmark = pytest.mark.flow

WORDS = {
    "es": ("Suscribirse", "Sí, quiero recibirlo", "Guardar esta elección", "Dejar el boletín"),
    "ar": ("اشترك", "نعم، أرسلوها إليّ", "احفظ هذا الاختيار", "ترك النشرة"),
}


@dataclass
class Served:
    """The pages on this machine, the clock they go by, and everybody's mailbox."""

    url: str
    database: Database
    vault: Vault
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        self.mailbox = Mailbox(self.database, self.vault, lambda: self.now)

    def link(self) -> str:
        """The first address in the one mail that came."""
        (mail,) = self.mailbox.fetch()
        return next(line for line in text_of(mail).splitlines() if line.startswith(self.url))

    def stands(self, address: str) -> str:
        """How this person stands, with their languages; nothing where nobody knows them."""
        with self.database.read() as session:
            try:
                held = show(session, self.vault, address)
            except NotFound:
                return ""
            return f"{held.state or held.suppressed} {held.languages}".strip()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("home")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        made = Served(url, Database(f"sqlite:///{home / 'newsletter.db'}"), Vault(Keys.fresh()))
        for base in BASES:
            base.metadata.create_all(made.database.engine)
        app = make_app(made.database, made.vault, _settings(home, url), clock=lambda: made.now)
        with closing(made.database), answering(app, listening):
            yield made


def _settings(home: Path, url: str) -> Settings:
    return Settings(home=home, base_url=url, brand="Example Network", languages=("en", "es", "vi", "ar"))


class Person:
    """Somebody with a browser that runs no script, and an eye for what excludes people."""

    def __init__(self, browser: Browser, served: Served, language: str) -> None:
        self.served, self.language = served, language
        self.context = browser.new_context(java_script_enabled=False, locale=language)
        self.page = self.context.new_page()
        self.seeing = browser.new_page(viewport={"width": 375, "height": 740}, has_touch=True)
        self.said: list[str] = []

    def opens(self, url: str) -> None:
        self.page.goto(url)
        self._looks()

    def presses(self, button: str) -> None:
        self.served.now += timedelta(seconds=5)
        self.page.get_by_role("button", name=button).click()
        self.page.wait_for_load_state()
        self._looks()

    def _looks(self) -> None:
        """The same page again, where scripts may measure it."""
        self.said.append(self.page.locator("h1").inner_text())
        html, url = self.page.content(), self.page.url
        self.seeing.route(url, lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8"))
        self.seeing.goto(url)
        self.seeing.unroute(url)
        if self.language == "ar":  # the pages of another language differ in nothing but words
            excludes_nobody(self.seeing)
        else:
            fits(self.seeing, 320, 375, 1280)

    def goes(self) -> None:
        assert self.context.cookies() == []
        self.context.close()
        self.seeing.close()


def follow_every_link(page: Page, start: str) -> None:
    """What a mail scanner does that opens each link in a browser, with scripts, and each link that it finds there."""
    waiting, seen = [start], set()
    while waiting:
        url = waiting.pop()
        seen.add(urlsplit(url).path)
        page.goto(url)
        found = page.eval_on_selector_all("a[href]", "links => links.map(link => link.getAttribute('href'))")
        waiting += [link for path in found if urlsplit(link := urljoin(url, path)).path not in seen]


@pytest.mark.parametrize("language", ["es", "ar"])
def test_a_person_joins_changes_pauses_leaves_and_comes_back(browser: Browser, served: Served, language: str) -> None:
    address = f"ana-{language}@example.org"
    subscribe, yes, keep, leave = WORDS[language]
    person, scanner = Person(browser, served, language), browser.new_page()
    person.opens(f"{served.url}/subscribe")
    person.page.fill("#address", address)
    person.presses(subscribe)
    confirm = served.link()
    follow_every_link(scanner, confirm)
    with served.database.read() as session:
        assert session.scalars(select(Subscriber.id).where(Subscriber.languages == language)).all() == []
    person.opens(confirm)
    person.presses(yes)
    assert served.stands(address) == f"subscribed {language}"
    person.opens(urljoin(served.url, person.page.locator("main a").get_attribute("href") or ""))
    person.page.select_option("#language-1", "vi")
    person.page.select_option("#language-2", language)
    person.page.check("input[value=text]")
    person.page.select_option("#pause", "2")
    person.presses(keep)
    follow_every_link(scanner, person.page.url)
    assert served.stands(address) == f"paused vi,{language}"
    person.presses(leave)
    assert served.stands(address) == f"left vi,{language}"
    served.now += timedelta(days=1)
    person.opens(f"{served.url}/subscribe?lang={language}")
    person.page.fill("#address", address)
    person.presses(subscribe)
    back = served.link()
    follow_every_link(scanner, back)
    assert served.stands(address) == f"left vi,{language}"
    person.opens(back)
    person.presses(yes)
    assert served.stands(address) == f"subscribed {language}"
    assert len(set(person.said)) == 6
    person.goes()
    scanner.close()


def test_under_attack_a_browser_with_script_goes_on_by_itself(
    browser: Browser, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.web.gate.FREE_FOR_ALL", 0)
    page = browser.new_page(locale="en")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{served.url}/subscribe")
    page.fill("#address", "bo@example.org")
    served.now += timedelta(seconds=5)
    page.get_by_role("button").click()
    page.get_by_role("heading", name="Look in your mail.").wait_for()
    assert said == []
    assert "/confirm/" in served.link()
    page.close()
