"""The links of an issue are tried from the desk: in their own time, once at a time, and the checks say what came."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from issues.models import LinkAnswer, Wording
from newsletter.config import Settings
from newsletter.desk.models import Deed, Role
from tests.issues.drafted import drafted
from tests.web.conftest import Web
from tests.web.desk import desk_client
from tests.web.stage import on_stage

ISSUE = "/desk/issues/2021-11"


@pytest.fixture
def gate() -> threading.Event:
    return threading.Event()


@pytest.fixture
def gone(gate: threading.Event) -> Iterator[str]:
    """The address of a page that is gone; its server says so when the gate opens."""

    class Gone(BaseHTTPRequestHandler):
        def answer(self) -> None:
            gate.wait(10)
            self.send_error(404)

        do_HEAD = do_GET = answer  # noqa: N815 - http.server calls them so

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Gone) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/gone"
        gate.set()
        server.shutdown()


@pytest.fixture
def month(web: Web, gone: str, tmp_path: Path) -> Web:
    """The November issue, whose one link of the web leads to the page that is gone; it stands in the closing."""
    settings = Settings(home=tmp_path, base_url="https://news.example.org", allow_loopback=True)
    web.app = on_stage(web.database, web.vault, settings, clock=lambda: web.now)
    with web.database.write() as session:
        for passage in drafted(session).passages:
            for wording in passage.wordings:
                wording.fields = {name: text for name, text in wording.fields.items() if name != "link"}
            if passage.key == "closing":
                body = f"See [the page]({gone})."
                passage.wordings = [Wording(language="en", fields={"title": "Bye", "body": body}, revision=1)]
    return web


def test_links_are_tried_once_at_a_time_and_what_is_gone_leads_to_its_text(month: Web, gate: threading.Event) -> None:
    client = desk_client(month, Role.TRANSLATOR, "es").client
    assert "The links were never tried." in client.get(f"{ISSUE}/checks").text
    assert client.post(f"{ISSUE}/links").headers["location"] == f"{ISSUE}/checks#links"
    meanwhile = client.get(f"{ISSUE}/checks").text
    assert "Ana 1 is trying the links" in meanwhile
    assert '<meta http-equiv="refresh"' in meanwhile
    assert "Try the links now" not in meanwhile
    again = client.post(f"{ISSUE}/links", headers={"Accept": "application/json"})
    assert (again.status_code, again.json()) == (409, {"problem": "Somebody is trying the links already."})
    with month.database.read() as session:
        tried = select(Deed.id).where(Deed.what == "tried the links")
        assert len(session.scalars(tried).all()) == 1, "of the second nothing came"
    with month.database.write() as session:  # nothing holds the database while a server is slow
        assert session.scalars(select(LinkAnswer)).all() == []
    gate.set()
    ends = time.monotonic() + 60
    while "is trying" in (page := client.get(f"{ISSUE}/checks").text):
        assert time.monotonic() < ends
        time.sleep(0.05)
    assert "Its one link was tried, the last today at 12:00." in page
    assert f'<a href="{ISSUE}?text=closing&amp;to=en#text">Closing</a>, English: has the link' in page
    assert "may be gone: it answered 404" in page


def test_an_issue_that_is_not_there_has_no_links(month: Web) -> None:
    assert desk_client(month).client.post("/desk/issues/2099-01/links").status_code == 404
