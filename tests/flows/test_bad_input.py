"""What people and machines get wrong: each is one sentence naming the place; what was good stays."""

import email
import email.header
import json
import re
import resource
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

import scheduler
from newsletter import wiring
from newsletter.__main__ import main
from newsletter.config import Settings

CONSENT = ("--consent", "Yes, write to me.")
WAIVED = ("--waive", "missing-text", "--waive", "stale-text")


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass
class Person:
    """Someone at a terminal, with a home, working in `folder`."""

    folder: Path
    environment: pytest.MonkeyPatch
    screen: pytest.CaptureFixture[str]

    def set(self, **settings: str) -> None:
        for name, value in settings.items():
            self.environment.setenv(f"NEWSLETTER_{name}", value)

    def types(self, *words: str) -> Done:
        """Run a command; whatever happens, no traceback is shown."""
        self.environment.setattr(sys, "argv", ["newsletter", *words])
        self.screen.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        shown = self.screen.readouterr()
        assert "Traceback" not in shown.err
        return Done(int(ended.value.code or 0), shown.out, shown.err)

    def does(self, *words: str) -> str:
        done = self.types(*words)
        assert done.code == 0, done
        return done.out

    def is_told(self, *words: str, code: int = 2) -> str:
        """The one sentence that a command refuses with, on one line."""
        done = self.types(*words)
        assert done.code == code, done
        assert done.err.count("\n") == 1, done.err
        return done.err.strip()

    def works(self) -> int:
        """One pass of the sending job."""
        self.environment.setattr(scheduler, "JOBS", scheduler.JOBS[:1])
        self.environment.setattr(signal, "signal", lambda *_: None)  # the test runner keeps its own
        return scheduler.main(["--once"])

    def drafts(self) -> Path:
        """An issue of this month's name, as a file."""
        self.does("issues", "draft", "2021-11", "--empty")
        file = self.folder / "issue.md"
        self.does("issues", "export", "2021-11", "--to", str(file))
        return file

    def subscribes(self, address: str = "ana@example.org") -> None:
        self.does("subscribers", "add", *CONSENT, "--address", address)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a home and its keys, made once and copied for each test."""
    folder = tmp_path_factory.mktemp("made")
    wiring.make_home(Settings(home=folder / "home", keys=folder / "keys.json"), "").close()
    return folder


@pytest.fixture
def person(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Person:
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("COLUMNS", "200")
    person = Person(tmp_path, monkeypatch, capsys)
    person.set(
        HOME=str(tmp_path / "home"),
        KEYS=str(tmp_path / "keys.json"),
        TRANSPORT=f"maildir:{tmp_path / 'outbox'}",
        BASE_URL="https://news.example.org",
        POSTAL_ADDRESS="PO Box 1, Oakland",
        LANGUAGES="en,es",
        ALLOW_LOOPBACK="true",
    )
    return person


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


@pytest.mark.parametrize(
    "words",
    [
        ("resources", "pair", "77", "78"),
        ("resources", "unpair", "77"),
        ("resources", "dismiss", "77"),
        ("resources", "language", "77", "en"),
        ("mailings", "show", "77"),
        ("mailings", "pause", "77"),
        ("mailings", "resume", "77"),
        ("mailings", "cancel", "77"),
        ("mailings", "doubts", "77"),
        ("mailings", "doubts", "77", "--leave"),
        ("mailings", "doubts", "77", "--send-again"),
    ],
)
def test_a_number_that_there_is_not(person: Person, words: tuple[str, ...]) -> None:
    assert "There is no" in person.is_told(*words)


def test_a_number_that_no_database_can_hold(person: Person) -> None:
    assert person.types("mailings", "show", "9" * 30).code == 2
    assert person.types("resources", "pair", "1", "9" * 30).code == 2


@pytest.mark.parametrize("month", ["2021-13", "x", "9999-12", "0001-01"])
def test_a_month_that_is_none(person: Person, month: str) -> None:
    assert "is no month of an issue" in person.is_told("issues", "draft", month)


def test_an_issue_that_there_is_not_leaves_no_folder_behind(person: Person) -> None:
    folder = person.folder / "editions"
    assert "There is no issue 2000-01" in person.is_told("issues", "render", "2000-01", "--to", str(folder))
    assert not folder.exists()


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("subject:", "subjekt:", "issue.md, line 12: .*has no `subjekt`"),
        ("missing: label", "mising: label", "issue.md, line 5: the header has no `mising`"),
        ("languages: en, es", "languages: en", r"issue.md, line \d+: this issue is not in `es`"),
        ("# end", "", r"issue.md, line \d+: the file is cut off"),
        ("issue: 2021-11", "issue: 2020-01", "There is no issue 2020-01"),
        ("revision: 1", "revision: 99", "issue.md, line 3: revision 99 does not exist"),
        (
            "# closing",
            "# resource 77\n\n## en · draft\n\ntitle: T\n\n# closing",
            r"issue.md, line \d+: .*no resource 77",
        ),
    ],
)
def test_an_issue_file_that_is_wrong_changes_nothing(person: Person, before: str, after: str, why: str) -> None:
    file = person.drafts()
    text = file.read_text("utf-8")
    file.write_text(text.replace(before, after, 1).replace("title: November 2021", "title: Changed"), "utf-8")
    sentence = person.is_told("issues", "apply", str(file))
    assert re.search(why, sentence), sentence
    assert person.does("issues", "export", "2021-11") == text


def test_an_issue_file_in_another_encoding(person: Person) -> None:
    file = person.drafts()
    file.write_bytes(file.read_text("utf-8").replace("Noviembre", "Año").encode("latin-1"))
    assert "issue.md: it is not in UTF-8 (at byte" in person.is_told("issues", "apply", str(file))


def test_two_peoples_edits_of_one_text(person: Person) -> None:
    first = person.drafts()
    text = first.read_text("utf-8")
    first.write_text(text.replace("title: November 2021", "title: Ana's"), "utf-8")
    second = person.folder / "second.md"
    second.write_text(text.replace("title: November 2021", "title: Bo's"), "utf-8")
    person.does("issues", "apply", str(first))
    assert "yours is still in your file" in person.is_told("issues", "apply", str(second))
    assert "title: Ana's" in person.does("issues", "export", "2021-11")


def test_a_subject_that_would_become_a_header_stays_a_subject_to_the_last_byte(person: Person) -> None:
    subject = "=?utf-8?q?a=0D=0ABcc:_x@y?="
    file = person.drafts()
    text = file.read_text("utf-8").replace("subject: November 2021", f"subject: {subject}")
    file.write_text(text, "utf-8")
    person.subscribes()
    person.does("issues", "apply", str(file))
    person.does("issues", "approve", "2021-11")
    person.does("issues", "schedule", "2021-11", "--at", "now", *WAIVED)
    assert person.works() == 0
    [mail] = (person.folder / "outbox" / "new").iterdir()
    head = mail.read_bytes().partition(b"\r\n\r\n")[0].lower()
    assert b"bcc" not in head
    parsed = email.message_from_bytes(mail.read_bytes())
    assert parsed.get_all("To") == ["<ana@example.org>"]
    assert email.header.decode_header(parsed["Subject"])[0][0] == subject.encode()


@pytest.mark.parametrize(
    ("address", "why"),
    [("a@example.org\nBcc: b@example.org", "line break"), ("nobody", "has no @"), ("a b@example.org", "address")],
)
def test_an_address_that_is_none_is_not_repeated(person: Person, address: str, why: str) -> None:
    sentence = person.is_told("subscribers", "add", *CONSENT, "--address", address)
    assert why in sentence
    assert "example.org" not in sentence


def test_consent_names_its_words_and_their_language(person: Person) -> None:
    add = ("subscribers", "add", "--address", "ana@example.org")
    assert "nobody is written to without consent" in person.is_told(*add, "--consent", " ")
    assert "language" in person.is_told(*add, *CONSENT, "--consent-language", "no tag")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"foo,bar\nana@example.org,x\n", 'line 1 names "foo", "bar"'),
        (b"ana@example.org,x\n", "Line 1 holds an address"),
        (b"", "empty"),
        (b"PK\x03\x04", "spreadsheet"),
        (bytes(range(256)), "cannot be read"),
    ],
)
def test_a_file_that_is_no_list(person: Person, content: bytes, why: str) -> None:
    file = person.folder / "people.csv"
    file.write_bytes(content)
    sentence = person.is_told("subscribers", "import", str(file), *CONSENT)
    assert why in sentence
    assert "ana@" not in sentence


def test_what_is_good_in_a_list_is_taken(person: Person) -> None:
    file = person.folder / "people.csv"
    lines = [
        "email,name",
        "jose@Example.ORG,José",
        " jose@example.org ,J",
        "x\0y@example.org,N",
        '"a@b.org\nBcc: c@d.org",',
    ]
    file.write_bytes("\n".join(lines).encode("utf-16"))
    report = json.loads(person.does("subscribers", "import", str(file), *CONSENT, "--json"))
    assert (report["added"], report["already_there"], report["refused"]) == (1, 1, 2)
    assert "@" not in json.dumps(report["refusals"])


@pytest.mark.parametrize(
    ("at", "why"),
    [
        ("tomorrow", "is no time"),
        ("2026-02-30 10:00", "is no time"),
        ("0001-01-01 00:00", "is no time"),
        ("9999-12-31 23:59", "is no time"),
        ("2027-03-28 02:30", "does not exist in Europe/Berlin"),
        ("2020-01-01 10:00", "that time has passed"),
    ],
)
def test_a_time_that_cannot_be(person: Person, at: str, why: str) -> None:
    person.drafts()
    person.set(TIMEZONE="Europe/Berlin")
    assert why in person.is_told("issues", "schedule", "2021-11", "--at", at, *WAIVED)
    assert json.loads(person.does("mailings", "list", "--json")) == []


def test_scheduling_twice_and_for_nobody(person: Person) -> None:
    person.drafts()
    schedule = ("issues", "schedule", "2021-11", "--at", "2190-01-01 10:00", *WAIVED)
    earlier = person.is_told(*schedule, "--not-later-than", "2189-01-01 10:00")
    assert "the latest start lies before the start" in earlier
    assert "it would reach no one" in person.does(*schedule)
    assert "has mailing 1 already (scheduled)" in person.is_told(*schedule)


def test_a_check_that_cannot_be_waived_is_not_offered(person: Person) -> None:
    person.drafts()
    person.environment.delenv("NEWSLETTER_POSTAL_ADDRESS")
    sentence = person.is_told("issues", "schedule", "2021-11", "--at", "now", *WAIVED)
    assert "NEWSLETTER_POSTAL_ADDRESS" in sentence
    assert "--waive" not in sentence


def test_approving_and_waiving_what_there_is_not(person: Person) -> None:
    person.drafts()
    assert "no passage nothing" in person.is_told("issues", "approve", "2021-11", "nothing")
    assert "not in zz" in person.is_told("issues", "approve", "2021-11", "--language", "zz")
    assert "no check 'x'" in person.is_told("issues", "schedule", "2021-11", "--at", "now", "--waive", "x")


def test_a_mail_server_that_is_not_there_loses_nobody(person: Person) -> None:
    person.drafts()
    person.subscribes()
    person.does("issues", "schedule", "2021-11", "--at", "now", *WAIVED)
    outbox = f"maildir:{person.folder / 'outbox'}"
    person.set(TRANSPORT="smtp://127.0.0.1:9?tls=none")
    person.works()
    told = person.does("mailings", "show", "1")
    assert "Mailing 1 is sending. The mail server 127.0.0.1:9 does not answer" in told
    assert "1 still waiting" in told
    person.set(TRANSPORT=outbox)
    assert person.works() == 0
    assert "1 accepted" in person.does("mailings", "show", "1")


def test_missing_keys_stop_the_job_at_its_start(person: Person) -> None:
    person.subscribes()
    keys = person.folder / "keys.json"
    safe = keys.rename(person.folder / "safe.json")
    assert "cannot be read" in person.is_told("subscribers", "show", "--address", "ana@example.org")
    assert person.works() == 2
    assert "has people, but their key file is not at" in person.is_told("init")
    assert not keys.exists()
    safe.rename(keys)
    assert "ana@example.org" in person.does("subscribers", "show", "--address", "ana@example.org")


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """No file can grow beyond `size` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_leaves_nothing_half_done(person: Person) -> None:
    file = person.folder / "people.csv"
    file.write_text("email\n" + "".join(f"reader-{number}@example.org\n" for number in range(2000)))
    command = ("subscribers", "import", str(file), *CONSENT, "--json")
    with full_disk(300_000):
        assert "look whether its disk is full" in person.is_told(*command, code=1)
    assert "Nobody on the list" in person.is_told("subscribers", "show", "--address", "reader-1@example.org")
    assert json.loads(person.does(*command))["added"] == 2000


def test_a_folder_without_a_newsletter_gets_no_database(person: Person) -> None:
    elsewhere = person.folder / "elsewhere"
    elsewhere.mkdir()
    person.environment.chdir(elsewhere)
    for home in ("", str(elsewhere)):
        person.set(HOME=home)
        assert "`newsletter init` makes one" in person.is_told("issues", "list")
    assert list(elsewhere.iterdir()) == []


def test_init_twice_keeps_settings_and_keys(person: Person) -> None:
    kept = (person.folder / "keys.json").read_bytes()
    settings = person.folder / "home" / "newsletter.toml"
    settings.write_text('brand = "Ours"\n')
    person.does("init")
    assert (person.folder / "keys.json").read_bytes() == kept
    assert settings.read_text() == 'brand = "Ours"\n'
