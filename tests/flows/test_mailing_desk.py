"""A send as the person at the desk sees it: schedule, stop, schedule again, watch, decide, report."""

import shutil
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from newsletter.config import Settings
from newsletter.db import Database
from newsletter.desk import habits
from newsletter.transports.smtp import SmtpServer, SmtpTransport
from newsletter.web.access import COOKIE
from newsletter.web.app import make_app
from subscribers import groups, topics
from subscribers.keys import Keys
from subscribers.models import Subscriber
from subscribers.vault import Vault
from tests.flows.everybody import excludes_nobody
from tests.newsletter.smtp_server import DROP, Script, serving
from tests.web.a_month import SLUG, draft, send, subscribe
from tests.web.conftest import Web
from tests.web.desk import desk_client

pytestmark = pytest.mark.flow

READERS = [f"reader{number}" for number in range(12)]


@pytest.fixture
def desk(tmp_path: Path, sqlite_with_tables: Path) -> Iterator[tuple[Web, str]]:
    """A desk that is served on this machine, and its address."""
    database = Database(f"sqlite:///{shutil.copy(sqlite_with_tables, tmp_path / 'newsletter.db')}")
    web = Web(FastAPI(), database, Vault(Keys.fresh()), now=datetime(2026, 11, 21, 12, tzinfo=UTC))
    server = uvicorn.Server(uvicorn.Config(web.app, host="127.0.0.1", port=0, log_level="warning"))
    settings = Settings(
        home=tmp_path,
        base_url="http://localhost",
        sender="The Network <news@example.org>",
        postal_address="PO Box 1, Oakland",
        timezone="America/New_York",
    )
    web.app = make_app(database, web.vault, settings, clock=lambda: web.now)
    server.config.app = web.app
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield web, f"http://localhost:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        thread.join()
        database.close()


def opened(browser: Browser, web: Web, address: str, *, script: bool = True) -> Page:
    """An owner's browser."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, has_touch=True, java_script_enabled=script)
    token = desk_client(web).client.cookies[COOKIE]
    context.add_cookies([{"name": COOKIE, "value": token, "url": address}])
    return context.new_page()


def schedule_now(page: Page) -> None:
    page.get_by_label("Now, after").check()
    page.get_by_text("To everyone, or to some").click()
    page.get_by_label("Press").check()
    expect(page.get_by_text("For readers who are in the group “Press”.")).to_be_visible()  # counted by itself
    page.get_by_label("Type the number of readers").fill(str(len(READERS)))
    page.get_by_role("button", name="Schedule November").click()


def test_a_send_is_stopped_scheduled_watched_and_reported(
    browser: Browser, desk: tuple[Web, str], tmp_path: Path
) -> None:
    web, address = desk
    draft(web)
    subscribe(web, *READERS)
    with web.database.write() as session:
        habits.keep(session, {"confirm_above": "10"})
        groups.put_in(session, groups.make(session, "Press", "news").id, select(Subscriber.id))
        topics.make(session, {"en": "Housing", "ar": "السكن"})
    subscribe(web, "somebody")
    page = opened(browser, web, address)
    page.goto(f"{address}/desk/readers/groups")
    excludes_nobody(page)
    page.goto(f"{address}/desk/issues/{SLUG}/schedule")
    excludes_nobody(page)

    schedule_now(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("November goes in 15 minutes.")
    excludes_nobody(page)
    page.get_by_role("button", name="Stop everything").click()
    expect(page.get_by_text("nobody was written to")).to_be_visible()
    page.get_by_role("link", name="Choose another time").click()
    schedule_now(page)

    web.now += timedelta(minutes=16)
    slow = Script({"rcpt": ["250 fine"] * 4 + ["550 5.1.1 no such user"] + ["451 later"] * 7})
    with serving(slow) as (_, port):
        send(web, SmtpTransport(SmtpServer("127.0.0.1", port, "none")), tmp_path / "locks")
    expect(page.get_by_role("heading", level=1)).to_have_text("November is going out.")  # by itself
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "5")
    excludes_nobody(page)

    web.now += timedelta(minutes=30)
    with serving(Script({"after": ["250 kept"] * 5 + [DROP]})) as (_, port):
        send(web, SmtpTransport(SmtpServer("127.0.0.1", port, "none")), tmp_path / "locks")
    expect(page.get_by_role("heading", level=1)).to_have_text("November went.")  # by itself
    excludes_nobody(page)
    expect(page.get_by_text("One person is in doubt.")).to_be_visible()
    page.get_by_role("button", name="Leave them").click()
    expect(page.get_by_text("is in doubt.")).not_to_be_visible()
    page.context.close()


def test_without_script_the_page_says_the_same_and_comes_again(
    browser: Browser, desk: tuple[Web, str], tmp_path: Path
) -> None:
    web, address = desk
    draft(web)
    subscribe(web, *READERS)
    page = opened(browser, web, address, script=False)
    page.goto(f"{address}/desk/issues/{SLUG}/schedule")
    page.get_by_label("Now, after").check()
    page.get_by_role("button", name="Schedule November").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("November goes in 15 minutes.")
    web.now += timedelta(minutes=16)
    with serving() as (_, port):
        send(web, SmtpTransport(SmtpServer("127.0.0.1", port, "none")), tmp_path / "locks")
    expect(page.get_by_role("heading", level=1)).to_have_text("November went.")
    page.context.close()


def test_readers_and_settings_are_for_everyone(browser: Browser, desk: tuple[Web, str]) -> None:
    web, address = desk
    subscribe(web, *READERS)
    page = opened(browser, web, address)
    page.goto(f"{address}/desk/readers")
    excludes_nobody(page)
    page.set_viewport_size({"width": 375, "height": 740})
    page.get_by_label("An address, or a part of one").fill("nobody@example.com")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_text("Nobody on the list has this address.")).to_be_in_viewport()
    page.get_by_label("An address, or a part of one").fill("reader1@example.com")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("button", name="Take off the list").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("This reader is on the list again.")).to_be_visible()
    assert "@" not in page.url
    excludes_nobody(page)
    page.goto(f"{address}/desk/settings")
    excludes_nobody(page)
    page.get_by_label("Links and buttons").fill("#ffff00")
    expect(page.locator("#contrast")).to_contain_text("1.1")
    page.context.close()
