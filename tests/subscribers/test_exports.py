"""What other products export, made after their documentation: everybody arrives as they stood there."""

import io
import zipfile
from pathlib import Path

import openpyxl
import pytest

from subscribers.errors import BadFile
from subscribers.importing.columns import guessed, header_of
from subscribers.importing.files import tables_of
from subscribers.importing.people import Person, Refused, people_of

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


def zipped(*files: Path, **more: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, f"export/{file.name.replace('.csv', '_export_1a2b.csv')}")
        for name, content in more.items():
            archive.writestr(name.replace("__", "."), content)
    return out.getvalue()


STANDINGS = {
    "buttondown": {
        "regular": "subscribed",
        "premium": "subscribed",
        "unactivated": "unconfirmed",
        "left": "left",
        "removed": "left",
        "bounced": "bounced",
        "complained": "complained",
    },
    "listmonk": {"enabled": "subscribed", "disabled": "left", "blocklisted": "left"},
    "substack": {"free": "subscribed", "paid": "subscribed", "disabled": "left"},
    "ghost": {"free": "subscribed", "comped": "subscribed", "left": "left", "deleted": "left"},
    "action_network": {
        "subscribed": "subscribed",
        "previous": "subscribed",
        "unsubscribed": "left",
        "bouncing": "bounced",
        "complaint": "complained",
    },
    "civicrm": {
        "clear": "subscribed",
        "do.not": "left",
        "opted.out": "left",
        "hold": "bounced",
        "hold.opt": "left",
        "late": "left",
    },
    "google_contacts": {"one": "subscribed"},
}


@pytest.mark.parametrize("product", STANDINGS)
def test_everybody_stands_as_they_stood_there(product: str) -> None:
    data = (EXPORTS / f"{product}.csv").read_bytes()
    assert standings(data) == STANDINGS[product]
    with tables_of(io.BytesIO(data), "x") as tables:
        header, _ = header_of(next(tables))
    assert guessed(header).product.lower().replace(" ", "_") == product


def test_names_languages_and_days_come_along() -> None:
    ana = read((EXPORTS / "civicrm.csv").read_bytes())["clear"]
    assert isinstance(ana, Person)
    assert (ana.name, ana.languages) == ("Ana Ruiz", "es-us")
    first = read((EXPORTS / "mailchimp" / "subscribed_members.csv").read_bytes())["subscribed"]
    assert isinstance(first, Person)
    assert (first.name, first.languages, first.agreed_on) == ("Ana Ruiz", "es", "2021-01-03")


def test_mailchimps_archive_is_read_whole() -> None:
    files = sorted((EXPORTS / "mailchimp").iterdir())
    shadow = {"__MACOSX/._x__csv": b"\0\1", "notes__txt": b"Thank you.", "read__me": b""}
    stand = standings(zipped(*files, **shadow))
    assert stand == {
        "cleaned": "bounced",
        "subscribed": "subscribed",
        "moved": "left",  # in two of its files
        "unsubscribed": "left",
        "spam": "complained",
        "no.day": "left",  # by the name of its file
    }


def test_one_of_mailchimps_files_is_known_by_its_name() -> None:
    data = (EXPORTS / "mailchimp" / "unsubscribed_members.csv").read_bytes()
    assert standings(data, "unsubscribed_members_export_77.csv")["no.day"] == "left"


def workbook(*rows: list[object]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
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
        (zipped(a__csv=b"email\na@example.org\n")[:60], "cut off or broken"),
        (zipped(read__me=b"nothing"), "holds no CSV file"),
        (zipped(**{f"f{n}__csv": b"email\n" for n in range(20)}), "holds too much"),
        (zipped(a__csv=b"phone\n1\n", b__csv=b"zip\n2\n"), "No column holds addresses"),
        (workbook(["email"])[:900], "cut off or broken"),
    ],
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
