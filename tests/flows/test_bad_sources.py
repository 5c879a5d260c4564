"""What sources get wrong: each is one sentence naming the place; what was good stays."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.flows.person import Person


def feed(items: str, before: str = "") -> str:
    return f'<?xml version="1.0" encoding="utf-8"?>{before}<rss version="2.0"><channel>{items}</channel></rss>'


def item(number: int, title: str = "A report") -> str:
    return f"<item><guid>{number}</guid><title>{title}</title><link>https://example.org/{number}</link></item>"


BOMB = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "' + "&a;" * 50 + '">]>'
SERVED = {
    "/html": b"<html><body><h1>Not found</h1></body></html>",
    "/bomb": feed(item(1, "&b;"), BOMB).encode(),
    "/broken": feed(item(1) + item(2))[:-40].encode(),
    "/many": feed("".join(map(item, range(1100)))).encode(),
    "/latin": feed(item(1, "Información")).encode("latin-1"),
    "/marked": feed(item(1, "[bold]One[/bold] [/x] [red]")).encode(),
}


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = SERVED.get(self.path)
        self.send_response(200 if body else 404)
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("path", "why"),
    [("/html", "did not answer with a feed"), ("/bomb", "declares entities"), ("/gone", "answered 404")],
)
def test_what_is_no_feed_is_said_and_not_remembered(person: Person, web: str, path: str, why: str) -> None:
    done = person.types("resources", "import", web + path)
    assert done.code == 2
    assert why in done.out
    assert "is not remembered" in done.out
    assert json.loads(person.does("resources", "import", "--json")) == []


@pytest.mark.parametrize(
    ("path", "added", "why"),
    [("/broken", 2, "broken in places"), ("/many", 1000, "1,100 entries"), ("/latin", 1, "not in the encoding")],
)
def test_what_is_good_in_a_bad_feed_is_taken(person: Person, web: str, path: str, added: int, why: str) -> None:
    [report] = json.loads(person.does("resources", "import", web + path, "--json"))
    assert report["added"] == added
    assert why in report["faults"][0]


@pytest.mark.parametrize(
    "source", ["ftp://example.org/x", "http://[::1", "http://ana:s3cret@example.org/feed", "file:///etc/passwd"]
)
def test_an_address_that_is_never_fetched_is_not_stored(person: Person, source: str) -> None:
    assert "s3cret" not in person.is_told("resources", "import", source)
    assert json.loads(person.does("resources", "import", "--json")) == []


def test_a_path_that_is_no_file_is_not_remembered(person: Person) -> None:
    for source in ("nothing.csv", str(person.folder)):
        assert "could not be opened" in person.types("resources", "import", source).out
    assert json.loads(person.does("resources", "import", "--json")) == []


def test_brackets_are_shown_as_they_are_and_nothing_is_cut_in_a_narrow_terminal(person: Person, web: str) -> None:
    person.does("resources", "import", web + "/marked")
    assert "[bold]One[/bold] [/x] [red]" in person.does("resources", "list")
    person.environment.setenv("COLUMNS", "30")
    assert "…" not in person.does("resources", "list")
