"""The door in a browser: the first link, passwords, passkeys, browsers that are signed out from afar."""

import email
import email.policy
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from newsletter.config import Settings
from newsletter.db import Database
from newsletter.desk import members
from newsletter.web.app import make_app
from subscribers.keys import Keys
from subscribers.vault import Vault
from tests.flows.everybody import excludes_nobody
from tests.flows.house import House
from tests.flows.pages import answering
from tests.newsletter.smtp_server import serving
from tests.web.caught import text_of

pytestmark = pytest.mark.flow

PASSWORD = "lantern orchard ninety boats"
NEW_PASSWORD = "harbour violet seventeen kites"


@dataclass
class Door:
    """A server with an empty desk, and what opens it."""

    database: Database
    base_url: str

    def first_link(self) -> str:
        with self.database.write() as session:
            return f"{self.base_url}/desk/welcome/{members.first_link(session, datetime.now(UTC))}"


@pytest.fixture
def door(tmp_path: Path, sqlite_with_tables: Path) -> Iterator[Door]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        base_url = f"http://localhost:{listening.getsockname()[1]}"  # passkeys belong to names, not to numbers
        database = Database(f"sqlite:///{shutil.copy(sqlite_with_tables, tmp_path / 'newsletter.db')}")
        settings = Settings(home=tmp_path, base_url=base_url, brand="Border & Rights Network", languages="en,es,vi,ar")
        app = make_app(database, Vault(Keys.fresh()), settings)
        with closing(database), answering(app, listening):
            yield Door(database, base_url)


def _come_in(page: Page, door: Door, name: str = "Rosa") -> None:
    page.goto(door.first_link())
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Your address").fill("rosa@example.org")
    page.get_by_label("A password").fill(PASSWORD)
    page.get_by_role("button", name="Come in").click()
    page.wait_for_url(f"{door.base_url}/desk")


def _sign_in(page: Page, door: Door, password: str = PASSWORD) -> None:
    page.goto(f"{door.base_url}/desk")
    page.get_by_label("Your address").fill("rosa@example.org")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def _authenticator(page: Page) -> None:
    """A device of Chromium's own making that keeps keys and always says yes."""
    wire = page.context.new_cdp_session(page)
    wire.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    wire.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_the_first_link_a_password_and_a_browser_signed_out_from_afar(browser: Browser, door: Door) -> None:
    here, there = browser.new_page(), browser.new_page()
    _come_in(here, door)
    _sign_in(there, door, "not the password")
    expect(there.get_by_role("alert")).to_contain_text("do not belong together")
    assert there.get_by_label("Your address").input_value() == "rosa@example.org"
    _sign_in(there, door)
    there.wait_for_url(f"{door.base_url}/desk")
    here.goto(f"{door.base_url}/desk/account")
    here.get_by_role("button", name=re.compile("Sign out Chrome")).click()
    expect(here.get_by_role("status").last).to_contain_text("That browser is signed out.")
    there.reload()
    expect(there).to_have_url(f"{door.base_url}/desk/sign-in")
    here.get_by_label("Your present password").fill(PASSWORD)
    here.get_by_label("A new one").fill(NEW_PASSWORD)
    here.get_by_role("button", name="Change it").click()
    expect(here.get_by_role("status").last).to_contain_text("Your password is changed")
    _sign_in(there, door, NEW_PASSWORD)
    there.wait_for_url(f"{door.base_url}/desk")
    here.close()
    there.close()


def test_a_passkey_is_added_and_signs_in_without_typing(browser: Browser, door: Door) -> None:
    context = browser.new_context()
    said: list[str] = []
    context.on("console", lambda message: said.append(message.text))
    page = context.new_page()
    _authenticator(page)
    _come_in(page, door)
    page.goto(f"{door.base_url}/desk/account")
    page.get_by_label("What to call it").fill("My laptop")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("listitem").filter(has_text="My laptop")).to_be_visible()
    context.clear_cookies()
    page.goto(f"{door.base_url}/desk/sign-in")
    for _ in range(2):  # the second time with a counter that went on
        context.clear_cookies()
        page.goto(f"{door.base_url}/desk/sign-in")
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.wait_for_url(f"{door.base_url}/desk")
    page.goto(f"{door.base_url}/desk/account")
    page.get_by_role("button", name=re.compile("Remove the passkey")).click()
    context.clear_cookies()
    page.goto(f"{door.base_url}/desk/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("This passkey does not open the desk")).to_be_visible()
    assert [text for text in said if "Content Security Policy" in text] == []
    context.close()


def test_without_script_the_password_is_all_there_is(browser: Browser, door: Door) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    _come_in(page, door)
    expect(page.get_by_role("button", name=re.compile("passkey"))).to_have_count(0)
    page.goto(f"{door.base_url}/desk/account")
    expect(page.get_by_role("button", name="Add a passkey")).to_be_hidden()
    context.close()


def test_every_page_of_the_door_fits_and_excludes_nobody(browser: Browser, door: Door) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{door.base_url}/desk/sign-in")
    excludes_nobody(page)
    _sign_in(page, door, "not the password")
    excludes_nobody(page)
    page.goto(door.first_link())
    excludes_nobody(page)
    page.goto(f"{door.base_url}/desk/welcome/none")
    excludes_nobody(page)
    _come_in(page, door, "Rosa " + "مرحبا " * 8)
    for place in ("account?done=password", "people?done=invited"):
        page.goto(f"{door.base_url}/desk/{place}")
        excludes_nobody(page)
    page.set_viewport_size({"width": 1280, "height": 740})
    page.get_by_label("Their address").fill("eva@example.org")
    page.get_by_role("button", name="Send the invitation").click()
    page.get_by_text("Change Rosa").click()
    excludes_nobody(page)
    context.close()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def _printed_link(lines: Iterator[str]) -> str:
    return next(found[0] for line in lines if (found := re.search(r"http://\S+/desk/welcome/\S+", line)))


def _post(session: requests.Session, url: str, **form: str) -> requests.Response:
    answer = session.post(url, data=form, headers={"Sec-Fetch-Site": "same-origin"}, timeout=30)
    answer.raise_for_status()
    return answer


def _reachable(url: str) -> None:
    for _ in range(300):
        try:
            requests.get(url, timeout=30)
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the pages were not served")


def test_the_program_prints_the_first_link_mails_invitations_and_helps_who_is_locked_out(tmp_path: Path) -> None:
    port = _free_port()
    base_url = f"http://localhost:{port}"
    with serving() as (server, smtp_port):
        house = House(
            tmp_path / "home",
            tmp_path / "keys.json",
            f"sqlite:///{tmp_path / 'newsletter.db'}",
            f"smtp://127.0.0.1:{smtp_port}?tls=none",
            {"NEWSLETTER_BASE_URL": base_url},
        )
        with house.opened():
            pass
        program = subprocess.Popen(
            [sys.executable, "-u", "-m", "newsletter", "run", "--port", str(port)],
            env=house.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert program.stdout
            link = _printed_link(iter(program.stdout.readline, ""))
            _reachable(link)
            owner, invited = requests.Session(), requests.Session()
            _post(owner, link, name="Rosa", address="rosa@example.org", password=PASSWORD)
            _post(owner, f"{base_url}/desk/people/invite", address="eva@example.org", role="editor")
            assert server.on_accept.wait(30)
            ((recipient, mail),) = server.accepted
            assert recipient == "eva@example.org"
            text = text_of(email.message_from_bytes(mail, policy=email.policy.default))
            _post(
                invited, _printed_link(iter(text.splitlines())), name="Eva", address="e@example.org", password=PASSWORD
            )
            assert "Eva" in invited.get(f"{base_url}/desk/account", timeout=30).text
            locked_out = requests.Session()
            _post(locked_out, _printed_link(iter(house.run("people", "link", "1").splitlines())), password=NEW_PASSWORD)
            assert "Rosa" in locked_out.get(f"{base_url}/desk/account", timeout=30).text
        finally:
            program.terminate()
            program.communicate(timeout=60)
