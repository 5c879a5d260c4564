"""The demonstration, and what its readers do next: one leaves in one click, a second issue reaches the others."""

import csv
import email
import email.policy
import mailbox
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from zipfile import ZipFile

import pytest
from starlette.testclient import TestClient

from issues import composing
from issues.matrix import CellState, matrix
from issues.models import Fallback
from issues.resources.shelf import Wanted, browse
from newsletter import config, publishing, wiring
from newsletter.demo.story import CONTENT
from newsletter.publishing import When
from newsletter.web.app import make_app
from newsletter.wiring import Newsletter, utc_now
from subscribers.retention import erase_left
from tests.flows.theft import stolen

pytestmark = pytest.mark.flow

ROOT = Path(__file__).parents[2]
PREFERRED = {"": "en", "es-MX,en": "es"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built and installed into a folder of its own."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with ZipFile(wheel) as packed:  # all that an installer does with a wheel of pure Python
        packed.extractall(folder / "site")
    return folder / "site"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, installed: Path) -> Path:
    """The demonstration told by the installed wheel, from an empty folder."""
    home = tmp_path_factory.mktemp("demo") / "home"
    told = _newsletter(home, "demo", "--once", "--home", str(home), installed=installed)
    assert "24 accepted + 0 refused + 0 given up + 0 skipped + 0 in doubt = 24 people" in told
    return home


def _newsletter(home: Path, *arguments: str, installed: Path = ROOT) -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("NEWSLETTER_")}
    empty = home.parent / "empty"
    empty.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-P", "-m", "newsletter", *arguments],
        cwd=empty,
        env=environment | {"NEWSLETTER_HOME": str(home), "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _caught(home: Path) -> dict[str, list[EmailMessage]]:
    """The caught mails by recipient, each with exactly one."""
    mails: dict[str, list[EmailMessage]] = {}
    for message in mailbox.Maildir(home / "inbox", create=False):
        mail = email.message_from_bytes(message.as_bytes(), policy=email.policy.default)
        (recipient,) = mail.get_all("Delivered-To", [])
        assert [address.addr_spec for address in mail["To"].addresses] == [recipient]
        mails.setdefault(recipient, []).append(mail)
    return mails


def _readers() -> dict[str, str]:
    """Each reader's language, as they should get it."""
    with (CONTENT / "readers.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {row["email"]: PREFERRED.get(row["languages"], row["languages"]) for row in rows}


def test_every_reader_gets_one_mail_in_their_language(home: Path) -> None:
    readers, mails = _readers(), _caught(home)
    assert len(mails) == len(readers) == 24
    lower = {address.lower(): language for address, language in readers.items()}
    for recipient, (mail,) in mails.items():
        assert mail["Content-Language"] == lower[recipient.lower()]
        html = mail.get_body(("html",))
        assert html is not None
        assert f'lang="{mail["Content-Language"]}"' in html.get_content()


def test_one_click_headers_are_whole_on_the_wire(home: Path) -> None:
    for path in (home / "inbox" / "new").iterdir():
        head = path.read_bytes().replace(b"\r\n", b"\n").partition(b"\n\n")[0] + b"\n"
        assert re.search(rb"\nList-Unsubscribe: <http://localhost:8000/u/[A-Za-z0-9_-]{22}>\n", head)
        assert b"\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n" in head


def test_nothing_in_the_home_names_a_reader(home: Path) -> None:
    """The inbox of the demonstration aside, which is other people's mailboxes."""
    with (CONTENT / "readers.csv").open(encoding="utf-8", newline="") as file:
        secrets = [value for row in csv.DictReader(file) for value in (row["email"], row["name"]) if value]
    assert stolen(home, secrets, leave_out=home / "inbox") == []


@pytest.fixture
def newsletter(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Newsletter]:
    monkeypatch.setenv("NEWSLETTER_HOME", str(home))
    newsletter = wiring.build(config.load())
    yield newsletter
    newsletter.close()


def test_this_month_is_half_done_with_one_stale_text_and_one_warning(newsletter: Newsletter) -> None:
    month = f"{utc_now().astimezone(newsletter.zone):%Y-%m}"
    with newsletter.database.read() as session:
        issue = publishing.find_issue(session, month)
        states = {row.passage.key: row.states for row in matrix(issue)}
        counted = Counter(state for row in states.values() for state in row.values())
        assert states["opening"]["es"] is CellState.STALE
        assert counted[CellState.STALE] == 1
        assert all(counted[state] >= 5 for state in (CellState.MISSING, CellState.DRAFT, CellState.APPROVED))
        warnings = [f for f in publishing.check(session, issue, newsletter.press) if not f.blocks]
        assert [f.check for f in warnings if f.check != "headers"] == ["link-text"]
        since = browse(session, Wanted(since=issue.covers_until, issue="none"))
        assert since.count == 2, "something new is waiting for the next draft"


def test_a_visitor_comes_in_as_the_made_up_owner_without_a_link(newsletter: Newsletter) -> None:
    app = make_app(newsletter.database, newsletter.vault, newsletter.settings)
    visitor = TestClient(app, base_url="http://localhost:8000", headers={"Sec-Fetch-Site": "same-origin"})
    assert "Come in as Rosa" in visitor.get("/desk").text
    assert "Sign out" in visitor.post("/desk/guest").text


def test_one_click_leaves_and_a_second_issue_reaches_the_other_23(home: Path, newsletter: Newsletter) -> None:
    recipient, (first, *_) = sorted(_caught(home).items())[3]
    link = str(first["List-Unsubscribe"]).strip("<>").removeprefix("http://localhost:8000")
    app = make_app(newsletter.database, newsletter.vault, newsletter.settings)
    program = TestClient(app, base_url="http://localhost:8000", follow_redirects=False, cookies={})
    answer = program.post(
        link,
        content=b"List-Unsubscribe=One-Click",
        headers={"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "cross-site"},
    )
    assert (answer.status_code, answer.cookies) == (200, program.cookies)
    _second_issue(newsletter)
    _newsletter(home, "work", "--once")  # the demonstration's own way out is its inbox
    mails = _caught(home)
    assert len(mails[recipient]) == 1
    assert sum(len(found) == 2 for found in mails.values()) == 23
    assert program.get(link).status_code == 200
    with newsletter.database.write() as session:
        assert erase_left(session, utc_now().replace(year=utc_now().year + 1)) == 1
    assert program.get(link).status_code == program.post(link).status_code == 200


def _second_issue(newsletter: Newsletter) -> None:
    """December: nothing new, so a draft of the standing hotline, its opening and closing."""
    with newsletter.database.write() as session:
        issue = composing.draft(
            session,
            slug="2021-12",
            month=utc_now().date().replace(year=2021, month=12, day=1),
            languages=newsletter.settings.languages,
            fallback=Fallback.LABEL,
            now=utc_now(),
            empty=True,
        )
        composing.approve(session, issue, by="Rosa", now=utc_now())
        findings = [f for f in publishing.check(session, issue, newsletter.press) if f.blocks]
        assert findings == []
        publishing.schedule(session, issue, When(utc_now(), "UTC"), newsletter.press, utc_now())
