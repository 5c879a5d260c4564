"""What other products export, made after their documentation: everybody arrives as they stood there."""

import csv
import io
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from subscribers.errors import BadFile
from subscribers.importing.columns import Columns, caution, guessed, header_of, names_of
from subscribers.importing.files import tables_of
from subscribers.importing.people import Person, Refused, people_of, words_unsaid

EXPORTS = Path(__file__).parents[1] / "data" / "exports"


def read(data: bytes, called: str = "list.csv") -> dict[str, Person | Refused]:
    """Everybody by the beginning of their address; who could not be read by their line."""
    with tables_of(io.BytesIO(data), called) as tables:
        people = list(people_of(tables))
    return {
        person.address.partition("@")[0] if isinstance(person, Person) else str(person.place): person
        for person in people
    }


def standings(data: bytes, called: str = "list.csv") -> dict[str, str]:
    return {who: person.standing for who, person in read(data, called).items() if isinstance(person, Person)}


def zipped(*files: Path, more: dict[str, bytes] | None = None) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, f"export/{file.name.replace('.csv', '_export_1a2b.csv')}")
        for name, content in (more or {}).items():
            archive.writestr(name, content)
    return out.getvalue()


BUTTONDOWN = {
    "subscribed": "regular premium gifted trialed paused past.due churning churned",
    "unconfirmed": "unactivated unpaid blocked disposable",
    "left": "unsubscribed removed disabled",
    "bounced": "undeliverable spammy malformed",
    "complained": "complained",
}
STANDINGS = {
    "buttondown": {who: standing for standing, people in BUTTONDOWN.items() for who in people.split()},
    "listmonk": {"enabled": "subscribed", "disabled": "left", "blocklisted": "left"},
    "substack": {"free": "subscribed", "paid": "subscribed", "disabled": "left"},
    "substack_dashboard": {"free": "subscribed", "paid": "subscribed", "cancelled": "unconfirmed"},
    "ghost": {"free": "subscribed", "comped": "subscribed", "left": "left", "deleted": "left"},
    "action_network": {
        "subscribed": "subscribed",
        "previous.bounce": "bounced",
        "unsubscribed": "left",
        "bouncing": "bounced",
        "complaint": "complained",
        "previous.complaint": "complained",
    },
    "civicrm": {
        "clear": "subscribed",
        "do.not": "left",
        "opted.out": "left",
        "hold": "bounced",
        "hold.opt": "left",
        "hold.number": "bounced",
        "hold.opt.number": "left",
        "late": "left",
        "trash": "left",
        "nameless": "subscribed",
    },
    "google_contacts": {"one": "subscribed"},
    "google_contacts_before_2024": {"one": "subscribed"},
}
NAMES = ("Action Network", "Buttondown", "CiviCRM", "Ghost", "Google Contacts", "listmonk", "Substack")


def named(product: str) -> str:
    """As a recipe names it."""
    return next(name for name in NAMES if product.startswith(name.lower().replace(" ", "_")))


def columns_of(data: bytes) -> Columns:
    with tables_of(io.BytesIO(data), "list.csv") as tables:
        return guessed(header_of(next(tables))[0])


def rows_of(product: str) -> list[dict[str, str]]:
    with (EXPORTS / f"{product}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def written(rows: list[dict[str, str]]) -> bytes:
    out = io.StringIO(newline="")
    file = csv.DictWriter(out, list(rows[0]))
    file.writeheader()
    file.writerows(rows)
    return out.getvalue().encode()


@pytest.mark.parametrize("product", STANDINGS)
def test_everybody_stands_as_they_stood_there(product: str) -> None:
    data = (EXPORTS / f"{product}.csv").read_bytes()
    assert standings(data) == STANDINGS[product]
    assert columns_of(data).product == named(product)


@pytest.mark.parametrize("product", STANDINGS)
def test_an_export_is_known_in_any_order_and_with_columns_of_ones_own(product: str) -> None:
    rows = [{"Shoe size": "5", **dict(reversed(row.items())), "Hobbies": "chess"} for row in rows_of(product)]
    assert standings(written(rows)) == STANDINGS[product]
    assert columns_of(written(rows)).product == named(product)


@pytest.mark.parametrize(
    ("header", "product"),
    [
        ("Email Address,EUID,LEID", "Mailchimp"),
        ("Email Address,OPTIN_TIME,MEMBER_RATING", "Mailchimp"),
        ("email,active_subscription,expiry,email_disabled,created_at", "Substack"),
        ("Email,Start date,Stripe plan", "Substack"),
        ("email,name,subscribed_to_emails,labels,products", "Ghost"),
        ("email,notes,metadata,tags,referrer_url", "Buttondown"),
        ("email,subscriber_type", "Buttondown"),
        ("email,can2_county", "Action Network"),
        ("Home-Email,Contact ID,Contact Type", "CiviCRM"),
        ("Email,No Bulk Emails (User Opt Out)", "CiviCRM"),
        ("email,type,attributes,tags,created_at", ""),
    ],
)
def test_an_export_of_which_columns_were_chosen_or_an_older_one_is_known(header: str, product: str) -> None:
    found = columns_of(f"{header}\n".encode())
    assert found.product == product
    assert found.address


@pytest.mark.parametrize(
    ("product", "column"),
    [
        ("buttondown", "type"),
        ("listmonk", "status"),
        ("substack", "email_disabled"),
        ("ghost", "subscribed_to_emails"),
        ("action_network", "can2_subscription_status"),
        ("civicrm", "Do Not Email"),
        ("civicrm", "No Bulk Emails (User Opt Out)"),
        ("civicrm", "On Hold"),
        ("civicrm", "Deceased"),
    ],
)
def test_a_word_that_is_new_there_is_asked_about_and_nobody_arrives_by_it(product: str, column: str) -> None:
    data = written([{**row, column: "Quite New"} for row in rows_of(product)])
    with tables_of(io.BytesIO(data), "list.csv") as tables:
        assert words_unsaid(tables, columns_of(data)) == ["quite new"]
    assert standings(data) == {}


def test_two_columns_about_how_people_stand_both_count() -> None:
    data = b"email,status,Status\nana@example.org,active,unsubscribed\nbo@example.org,bounced,active\n"
    assert standings(data) == {"ana": "left", "bo": "bounced"}
    assert standings(data.replace(b"active", b"odd")) == {}


@pytest.mark.parametrize(
    ("product", "who", "known"),
    [
        ("listmonk", "enabled", ("Ana Ruiz", "", "2021-05-01")),
        ("ghost", "free", ("Ana Ruiz", "", "2021-01-15")),
        ("substack", "free", ("", "", "2021-01-05")),
        ("substack_dashboard", "free", ("Ana Ruiz", "", "2021-06-17")),
        ("buttondown", "regular", ("", "", "2021-03-01")),
        ("action_network", "subscribed", ("Ana Ruiz", "", "2021-02-03")),
        ("civicrm", "clear", ("Ana Ruiz", "es-us", "")),
        ("civicrm", "do.not", ("Bo Li", "en", "")),
        ("civicrm", "nameless", ("", "es", "")),
        ("google_contacts", "one", ("Ana Ruiz", "", "")),
        ("google_contacts_before_2024", "one", ("Ana Ruiz", "es", "")),
        ("mailchimp/subscribed_members", "subscribed", ("Ana Ruiz", "es", "2021-01-03")),
    ],
)
def test_names_languages_and_days_come_along(product: str, who: str, known: tuple[str, str, str]) -> None:
    person = read((EXPORTS / f"{product}.csv").read_bytes())[who]
    assert isinstance(person, Person)
    assert (person.name, person.languages, person.agreed_on) == known


def test_an_audience_whose_fields_have_names_of_its_own_is_read() -> None:
    data = (EXPORTS / "mailchimp" / "subscribed_members.csv").read_text()
    for theirs, ours in (("Email Address", "Correo electrónico"), ("First Name", "Nombre"), ("Last Name", "Apellidos")):
        data = data.replace(theirs, ours)
    person = read(data.encode())["subscribed"]
    assert isinstance(person, Person)
    assert (columns_of(data.encode()).product, person.name) == ("Mailchimp", "Ana Ruiz")


def test_mailchimps_archive_is_read_whole() -> None:
    files = sorted((EXPORTS / "mailchimp").iterdir())
    shadow = {"__MACOSX/._x.csv": b"email\nshadow@example.org", "notes.txt": b"Thank you.", "read.me": b""}
    stand = standings(zipped(*files, more=shadow))
    assert stand == {
        "cleaned": "bounced",
        "subscribed": "subscribed",
        "transactional": "unconfirmed",  # by the name of its file
        "moved": "left",  # in two of its files
        "unsubscribed": "left",
        "by.admin": "left",
        "spam": "complained",
        "no.day": "left",  # by the name of its file
    }


def test_one_of_mailchimps_files_is_known_by_its_name() -> None:
    data = (EXPORTS / "mailchimp" / "unsubscribed_members.csv").read_bytes()
    assert standings(data, "unsubscribed_members_export_77.csv")["no.day"] == "left"


@pytest.mark.parametrize(
    ("called", "stands"),
    [
        *[("unsubscribed.csv", "left"), ("unconfirmed 2021.csv", "unconfirmed"), ("Cleaned list.csv", "subscribed")],
        *[("Copy of unsubscribed.csv", "left"), ("Press, not subscribed.csv", "unconfirmed")],
        ("subscribed and bounced.csv", "bounced"),
    ],
)
def test_a_files_name_says_of_any_product_how_everybody_in_it_stands(called: str, stands: str) -> None:
    """listmonk writes nowhere else who left a list."""
    assert standings((EXPORTS / "listmonk.csv").read_bytes(), called)["enabled"] == stands


def test_substacks_archive_is_read_without_whom_its_posts_went_to() -> None:
    past = b"post_id,timestamp,email\n1,2021-01-01,gone@example.org\n"
    more = {"posts/1.delivers.csv": past, "posts/1.opens.csv": past, "posts.csv": b"post_id,title\n1,Hello\n"}
    assert standings(zipped(EXPORTS / "substack.csv", more=more)) == STANDINGS["substack"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"email,name\n", "Nothing in this file tells who left"),
        (b"email,status\n", ""),
        (b"email,Estado,GDPR consent\n", "Look at “Estado”, “GDPR consent”: if"),
        (b"email,status,subscribed on\n", ""),
        (b"email,can2_user_tags\n", "export it again with “can2_subscription_status”"),
        (b"Contact ID,Contact Type,Email,On Hold\n", "with “Do Not Email”, “No Bulk Emails (User Opt Out)”."),
        (b"uuid,email,name,attributes,status\n", "call that unsubscribed.csv"),
        (b"First Name,E-mail 1 - Value\n", "An address book"),
        (b"address,state,paused_until,unwanted_topics\n", "export it again with “suppressed”"),
    ],
)
def test_what_a_file_does_not_tell_is_said(data: bytes, says: str) -> None:
    with tables_of(io.BytesIO(data), "list.csv") as tables:
        header, _ = header_of(next(tables))
    told = caution(guessed(header), dict(zip(names_of(header.cells), header.cells, strict=True)))
    assert says in told if says else told == ""


@pytest.mark.parametrize(
    ("column", "gone", "stays", "stands"),
    [
        ("Unsubscribed", "true", "false", "left"),
        ("Unsubscribed", "5/1/2024 10:00 AM", "", "left"),
        ("unsubscribed_at", "Jan 5 2024", "", "left"),
        ("Email Opt Out", "1", "0", "left"),
        ("Unsubscribed from all email", "Yes", "", "left"),
        ("Do Not Contact", "x", "", "left"),
        ("Fecha de baja", "05.01.2024", "", "left"),
        ("Email status", "Unsubscribed", "Active", "left"),
        ("Email subscriber status", "Never subscribed", "Subscribed", "unconfirmed"),
        ("Bounced", "TRUE", "FALSE", "bounced"),
        ("Email Bounced Reason", "User unknown", "", "bounced"),
        ("Marked as spam", "yes", "no", "complained"),
        ("Subscribed", "no", "2021-05-01", "left"),
        ("Accepts Email Marketing", "no", "yes", "unconfirmed"),
        ("Email opt-in", "", "1", "unconfirmed"),
    ],
)
def test_a_file_of_any_making_is_heeded_where_it_tells(column: str, gone: str, stays: str, stands: str) -> None:
    data = f"email,{column}\ngone@example.org,{gone}\nstays@example.org,{stays}\n".encode()
    assert standings(data) == {"gone": stands, "stays": "subscribed"}


def test_what_such_a_column_says_otherwise_is_asked_about() -> None:
    data = b"email,Do Not Email\none@example.org,Allow\ntwo@example.org,\nthree@example.org,Enabled\n"
    with tables_of(io.BytesIO(data), "list.csv") as tables:
        assert words_unsaid(tables, columns_of(data)) == ["allow", "enabled"]


def test_civicrms_hold_counts_where_a_place_stands_before_it() -> None:
    held = b"Contact ID,Contact Type,Home-Email,Home-On Hold\n1,Individual,gone@example.org,On Hold Bounce\n"
    assert standings(held) == {"gone": "bounced"}


def test_a_word_that_is_said_for_one_column_changes_no_other() -> None:
    columns = replace(columns_of(b"email,status,unsubscribed\n"), words={"yes": "subscribed"})
    assert columns.words_of("unsubscribed")["yes"] == "left"


def workbook(*rows: list[object]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_workbook_is_read_and_a_formula_costs_its_own_row_alone() -> None:
    people = read(
        workbook(
            ["Our friends, November"],
            ["E-mail", "Name", "Language", "Number"],
            ["ana@example.org", "Ana Muñoz", "es", 5.0],
            ["=A3", "Sum", "es", 6],
            [None, None, None, None],
            ["bo@example.org", "Nguyễn Hà", "Tiếng Việt", "=1+1"],
        )
    )
    assert {who: getattr(person, "name", "") for who, person in people.items()} == {
        "ana": "Ana Muñoz",
        str(2**28 + 4): "",
        "bo": "Nguyễn Hà",
    }


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (zipped(more={"a.csv": b"email\na@example.org\n"})[:60], "cut off or broken"),
        (zipped(more={"read.me": b"nothing"}), "holds no CSV file"),
        (zipped(more={f"f{n}.csv": b"email\n" for n in range(20)}), "holds too much"),
        (zipped(more={"a.csv": b"phone\n1\n", "b.csv": b"zip\n2\n"}), "No column holds addresses"),
        (workbook(["email"])[:900], "cut off or broken"),
    ],
    ids=["cut archive", "no table", "many tables", "no addresses", "cut workbook"],
)
def test_an_archive_that_is_none_says_what_to_do(data: bytes, says: str) -> None:
    with pytest.raises(BadFile, match=says):
        read(data)


def test_a_workbook_with_entities_or_macros_is_not_opened() -> None:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook(["email"], ["ana@example.org"]))) as good,
        zipfile.ZipFile(out, "w") as bad,
    ):
        for name in good.namelist():
            bad.writestr(name, b"<!DOCTYPE x>" + good.read(name) if "sheet1" in name else good.read(name))
    with pytest.raises(BadFile, match="as a spreadsheet program writes it"):
        read(out.getvalue())
