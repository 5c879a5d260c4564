"""Links are tried at a real server on loopback: HEAD, then GET, a few at a time, and what was heard is kept."""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from issues.checks.links import NO_ANSWER, REFUSED, UNKNOWN_HOST
from issues.errors import HostUnknown, NotFound
from issues.models import Issue, PassageKind, Wording
from issues.resources.fetching import status_of
from newsletter.cli import app
from newsletter.db import Database
from newsletter.delivery.message import Letterhead
from newsletter.migrations import upgrade
from newsletter.preflight.links import AT_ONCE, Ask, answer_of, answers_of
from newsletter.publishing import Press, Tried, check, find_issue, try_links
from tests.issues.drafted import NOW, drafted
from tests.issues.sample import BRAND

PRESS = Press(BRAND, Letterhead("News <news@example.org>", "", "news.example.org"), "https://news.example.org")
ask: Ask = partial(status_of, allow_loopback=True, seconds=30)


@dataclass
class Pages:
    """Answers by path: a status, or (HEAD's, GET's). Counts who asks at once."""

    url: str
    statuses: dict[str, int | tuple[int, int]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0


@pytest.fixture
def pages() -> Iterator[Pages]:
    lock = threading.Lock()

    class Request(BaseHTTPRequestHandler):
        def answer(self) -> None:
            with lock:
                made.asked.append(f"{self.command} {self.path}")
                made.at_once += 1
                made.most_at_once = max(made.most_at_once, made.at_once)
            time.sleep(1.5 if self.path == "/slow" else 0.03)
            status = made.statuses.get(self.path, 404)
            with lock:
                made.at_once -= 1
            with suppress(OSError):  # the one who asked may have hung up
                self.send_response(status if isinstance(status, int) else status[self.command == "GET"])
                if status == 302:
                    self.send_header("Location", "/good")
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(b"x" * 100_000)

        do_HEAD = do_GET = answer  # noqa: N815 - http.server calls them so

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Request) as server:
        server.daemon_threads = True
        made = Pages(f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield made
        server.shutdown()


def issue_with(session: Session, *urls: str) -> Issue:
    """The November draft, with a note that links to `urls` and no other link."""
    issue = drafted(session)
    for passage in issue.passages:
        for wording in passage.wordings:
            wording.fields = {name: text for name, text in wording.fields.items() if name != "link"}
    note = next(passage for passage in issue.passages if passage.kind is PassageKind.CLOSING)
    body = " ".join(f"[page {number}]({url})" for number, url in enumerate(urls))
    note.wordings = [Wording(language="en", fields={"title": "Bye", "body": body}, revision=1)]
    return issue


def found(database: Database, *names: str) -> list[str]:
    with database.read() as session:
        findings = check(session, find_issue(session, "2021-11"), PRESS)
    return [f"{finding.check}: {finding.what}" for finding in findings if finding.check in names]


def test_head_is_enough_where_it_is_answered_well(pages: Pages) -> None:
    pages.statuses = {"/good": 200, "/moved": 302}
    assert answer_of(f"{pages.url}/good", ask) == "200"
    assert answer_of(f"{pages.url}/moved", ask) == "200"
    assert pages.asked == ["HEAD /good", "HEAD /moved", "HEAD /good"]


def test_get_decides_where_head_is_not(pages: Pages) -> None:
    pages.statuses = {"/no-head": (405, 200), "/lying-head": (404, 200), "/gone": 410}
    answers = [answer_of(pages.url + path, ask) for path in ("/no-head", "/lying-head", "/gone", "/never")]
    assert answers == ["200", "200", "410", "404"]
    assert pages.asked[:2] == ["HEAD /no-head", "GET /no-head"]


def test_what_does_not_answer_or_must_not_be_asked_is_said_so(pages: Pages) -> None:
    assert answer_of(f"{pages.url}/slow", partial(status_of, allow_loopback=True, seconds=0.3)) == NO_ANSWER
    assert answer_of(f"{pages.url}/good", status_of) == REFUSED
    assert answer_of("https://user:secret@example.org/", ask) == REFUSED


def unknown_but(known: str, url: str, *, method: str) -> int:
    """A name service that knows one address."""
    if url != known:
        raise HostUnknown("is not known to the name service")
    return 200


def test_an_unknown_host_is_told_from_a_machine_without_network() -> None:
    urls = ["https://good.example.org/", "https://gone.example.org/"]
    assert answers_of(urls, partial(unknown_but, urls[0])) == {urls[0]: "200", urls[1]: UNKNOWN_HOST}
    assert answers_of(urls, partial(unknown_but, "")) == dict.fromkeys(urls, NO_ANSWER)


def test_a_few_are_tried_at_once_and_none_after_the_time_is_up(pages: Pages) -> None:
    urls = [f"{pages.url}/{number}" for number in range(12)]
    assert len(answers_of(urls, ask)) == 12
    assert 1 < pages.most_at_once <= AT_ONCE
    assert answers_of(urls, ask, seconds=0) == {}


def test_what_was_heard_is_said_by_every_later_check(database: Database, pages: Pages) -> None:
    pages.statuses = {"/good": 200, "/shy": 403}
    with database.write() as session:
        issue_with(session, *(pages.url + path for path in ("/good", "/shy", "/gone#here", "/gone")))
    assert found(database, "dead-link", "unchecked-link") == []
    assert pages.asked == []
    assert try_links(database.read, database.write, ask, "2021-11", NOW) == Tried(asked=3, known=0, left=0)
    heard = len(pages.asked)
    assert found(database, "dead-link", "unchecked-link") == [
        f"dead-link: has the link `{pages.url}/gone#here`, which may be gone: it answered 404 on November 20",
        f"dead-link: has the link `{pages.url}/gone`, which may be gone: it answered 404 on November 20",
        f"unchecked-link: has the link `{pages.url}/shy`, which could not be checked: it answered 403",
    ]
    assert len(pages.asked) == heard


def test_a_link_that_was_mended_is_good_at_the_next_try(database: Database, pages: Pages) -> None:
    with database.write() as session:
        issue_with(session, f"{pages.url}/a", f"{pages.url}/b")
    pages.statuses = {"/a": 200}
    try_links(database.read, database.write, ask, "2021-11", NOW)
    pages.statuses["/b"] = 200
    again = try_links(database.read, database.write, ask, "2021-11", NOW + timedelta(minutes=10))
    assert again == Tried(asked=1, known=1, left=0)
    assert found(database, "dead-link", "unchecked-link") == []


def test_two_who_try_at_once_are_both_served(database: Database, pages: Pages) -> None:
    with database.write() as session:
        issue_with(session, *(f"{pages.url}/{number}" for number in range(8)))
    tries = [
        threading.Thread(target=try_links, args=(database.read, database.write, ask, "2021-11", NOW)) for _ in range(2)
    ]
    for each in tries:
        each.start()
    for each in tries:
        each.join()
    assert len(found(database, "dead-link")) == 8


def test_an_issue_without_links_asks_nobody_and_an_unknown_one_is_said(database: Database) -> None:
    with database.write() as session:
        issue_with(session)
    assert try_links(database.read, database.write, ask, "2021-11", NOW) == Tried(0, 0, 0)
    with pytest.raises(NotFound, match="There is no issue 1999-01"):
        try_links(database.read, database.write, ask, "1999-01", NOW)


def test_the_command_tries_links_when_asked(tmp_path: Path, pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NEWSLETTER_KEYS", str(tmp_path / "keys" / "keys.json"))
    monkeypatch.setenv("NEWSLETTER_ALLOW_LOOPBACK", "true")
    run = CliRunner()
    assert run.invoke(app, ["init"]).exit_code == 0
    database = Database(f"sqlite:///{tmp_path / 'home' / 'newsletter.db'}")
    upgrade(database)
    with database.write() as session:
        issue_with(session, f"{pages.url}/gone")
    database.close()
    assert "may be gone" not in run.invoke(app, ["issues", "check", "2021-11"]).output
    told = " ".join(run.invoke(app, ["issues", "check", "2021-11", "--links"]).output.split())
    assert told.startswith("Links tried: 1.")
    assert "dead-link" in told
