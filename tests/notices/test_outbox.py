"""Notices: with the deed or not at all, at least once, and then forgotten."""

import email
import email.policy
import re
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from sqlalchemy import select

from newsletter.db import Database
from newsletter.mime.headers import HeaderError
from newsletter.notices import outbox
from newsletter.notices.letters import TEMPLATES, Letter, message
from newsletter.notices.models import Notice
from newsletter.notices.outbox import Postroom
from newsletter.transports.smtp import SmtpServer, SmtpTransport
from subscribers.keys import Keys
from subscribers.vault import Vault
from tests.journals import journal
from tests.newsletter.smtp_server import DROP, Script, serving
from tests.web.caught import text_of

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
VALUES = {
    "name": "Rosa",
    "brand": "Our network",
    "link": "https://news.example.org/desk/welcome/secret-token",
    "leave_link": "https://news.example.org/u/secret-token",
    "waits": "7",
}


class Office:
    """A postroom whose clock a test sets, and what waits in it."""

    def __init__(self, database: Database) -> None:
        self.now = NOW
        self.vault = Vault(Keys.fresh())
        sender = "The Network <news@example.org>"
        self.postroom = Postroom(database, self.vault, sender, "rosa@example.org", lambda: self.now, journal())

    def queue(self, *addresses: str) -> None:
        with self.postroom.database.write() as session:
            for address in addresses:
                outbox.queue(session, self.vault, address, "invite", VALUES, self.now)

    def send(self, port: int) -> None:
        outbox.send_waiting(self.postroom, SmtpTransport(SmtpServer("127.0.0.1", port, "none")), Event())

    def waiting(self) -> list[Notice]:
        with self.postroom.database.read() as session:
            return list(session.scalars(select(Notice).order_by(Notice.id)))


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


def test_what_is_queued_is_sent_once_and_forgotten(office: Office) -> None:
    office.queue("eva@example.org", "minh@example.org")
    with serving() as (server, port):
        office.send(port)
        office.send(port)
    assert sorted(server.recipients) == ["eva@example.org", "minh@example.org"]
    assert office.waiting() == []
    mail = email.message_from_bytes(min(server.accepted)[1], policy=email.policy.default)
    assert mail["To"] == "eva@example.org"
    assert mail["From"] == "The Network <news@example.org>"
    assert mail["Subject"] == "Rosa invites you to the desk of Our network"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert VALUES["link"] in text_of(mail)
    assert mail["Message-ID"].endswith("@example.org>")


def test_a_clock_set_back_by_a_day_keeps_neither_a_mail_nor_a_mailing_waiting(office: Office) -> None:
    office.queue("eva@example.org")
    with serving(Script({"banner": ["421 4.7.0 too many connections"]})) as (server, port):
        office.send(port)
        assert len(office.waiting()) == 1
        office.now -= timedelta(days=1)
        with office.postroom.database.read() as session:
            assert not outbox.is_turned_away(session, office.now)
        office.send(port)
    assert server.recipients == ["eva@example.org"]


def test_a_deed_that_fails_sends_nothing(office: Office) -> None:
    with pytest.raises(RuntimeError), office.postroom.database.write() as session:
        outbox.queue(session, office.vault, "eva@example.org", "invite", VALUES, NOW)
        raise RuntimeError
    assert office.waiting() == []


def test_neither_address_nor_link_can_be_read_in_the_outbox(office: Office) -> None:
    office.queue("eva@example.org")
    (notice,) = office.waiting()
    for kept in (notice.sealed_address, notice.sealed_values):
        assert b"eva" not in kept
        assert b"secret-token" not in kept


@pytest.mark.parametrize(
    "replies", [{"rcpt": ["451 later"]}, {"dot": ["452 full"]}, {"dot": [DROP]}, {"after": [DROP]}, {"banner": [DROP]}]
)
def test_what_was_not_accepted_comes_again_later_and_no_other_waits_for_it(
    office: Office, replies: dict[str, list[str]]
) -> None:
    office.queue("eva@example.org", "minh@example.org")
    with serving(Script(replies=replies)) as (server, port):
        office.send(port)
        office.send(port)
        office.now += timedelta(minutes=2)
        office.send(port)
    assert set(server.recipients) == {"eva@example.org", "minh@example.org"}
    assert office.waiting() == []


def test_each_failed_try_waits_longer_and_after_two_days_it_is_given_up(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.queue("eva@example.org")
    waits = []
    with serving(Script(replies={"rcpt": ["451 later"] * 200})) as (server, port):
        while office.waiting():
            office.send(port)
            if left := office.waiting():
                waits.append(left[0].retry_at - office.now)
                office.now = left[0].retry_at
    assert [wait.total_seconds() / 60 for wait in waits[:7]] == [2, 4, 8, 16, 32, 60, 60]
    assert timedelta(days=2) <= office.now - NOW < timedelta(days=2, hours=2)
    assert server.accepted == []
    assert "notice given up" in "".join(capsys.readouterr())


def test_an_address_refused_for_good_is_forgotten_and_no_log_names_it(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.queue("eva@example.org")
    with serving(Script(replies={"rcpt": ["550 no such eva@example.org"]}, echo=True)) as (_, port):
        office.send(port)
    assert office.waiting() == []
    said = "".join(capsys.readouterr())
    assert "notice refused" in said
    assert "eva@" not in said


def test_wrong_keys_lose_nothing(office: Office) -> None:
    office.queue("eva@example.org")
    other = Postroom(
        office.postroom.database, Vault(Keys.fresh()), "news@example.org", "", lambda: office.now, journal()
    )
    with serving() as (server, port):
        outbox.send_waiting(other, SmtpTransport(SmtpServer("127.0.0.1", port, "none")), Event())
        assert server.accepted == []
        office.now += timedelta(minutes=2)
        office.send(port)
    assert server.recipients == ["eva@example.org"]


def test_who_is_told_to_stop_begins_no_other(office: Office) -> None:
    office.queue("eva@example.org")
    stopping = Event()
    stopping.set()
    with serving() as (server, port):
        outbox.send_waiting(office.postroom, SmtpTransport(SmtpServer("127.0.0.1", port, "none")), stopping)
    assert server.connections == 0
    assert len(office.waiting()) == 1


def _letter(template: str, language: str, values: dict[str, str]) -> bytes:
    letter = Letter("eva@example.org", template, language, values, "mark", NOW)
    return message(letter, "The Network <news@example.org>", "")


TRANSLATED = [file.parent.name for file in TEMPLATES.glob("*/subject.txt.j2") if "_(" in file.read_text()]
"""The others go to members alone, whose desk speaks English."""


@pytest.mark.parametrize("template", TRANSLATED)
@pytest.mark.parametrize("language", ["en", "es", "vi", "ar"])
def test_every_notice_says_its_words_in_every_language(template: str, language: str) -> None:
    mail = email.message_from_bytes(_letter(template, language, VALUES), policy=email.policy.default)
    assert mail["Content-Language"] == language
    assert VALUES["link"] in text_of(mail).splitlines()
    html = mail.get_body(("html",))
    assert html is not None
    drawn = html.get_content()
    assert f'dir="{"rtl" if language == "ar" else "ltr"}"' in drawn
    assert f'href="{VALUES["link"]}"' in drawn
    assert re.findall("<(script|img|link)|url\\(", drawn) == []
    english = email.message_from_bytes(_letter(template, "en", VALUES), policy=email.policy.default)
    assert (mail["Subject"] == english["Subject"]) == (language == "en")


@settings(max_examples=60, deadline=None)
@given(some.text(max_size=300), some.text(max_size=300))
def test_no_value_can_add_a_line_or_a_header(name: str, brand: str) -> None:
    try:
        data = _letter("invite", "en", VALUES | {"name": name, "brand": brand})
    except HeaderError:
        return
    head, _, body = data.partition(b"\r\n\r\n")
    assert [line.split(b":")[0] for line in head.split(b"\r\n") if not line.startswith(b" ")] == [
        *(b"To", b"Date", b"Message-ID", b"From", b"Subject", b"Auto-Submitted", b"Content-Language"),
        *(b"MIME-Version", b"Content-Type"),
    ]
    assert body.count(b"\n") == body.count(b"\r\n") == body.count(b"\r")
    assert max(map(len, data.split(b"\r\n"))) <= 998
