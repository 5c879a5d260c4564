"""What people get wrong about issues and mailings: each is one sentence naming the place, and changes nothing."""

import email
import email.header
import json
import re

import pytest

from tests.flows.person import WAIVED, Person


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
    assert "would reach no one" in person.does(*schedule)
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
