"""A CSV file of any making goes in as far as it is good; the report names lines, never people."""

import io
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from newsletter.db import Database
from subscribers.addresses import normal
from subscribers.consent import Wording
from subscribers.csv_files import LONGEST_LINE, open_csv
from subscribers.errors import BadFile
from subscribers.importing import CHUNK, LISTED, Report, import_csv
from subscribers.leaving import leave
from subscribers.models import Consent, State, Subscriber, Suppression
from subscribers.people import show
from subscribers.retention import erase_left
from subscribers.vault import Vault
from tests.journals import journal

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
TOLD = Wording("en", "Signed the list at the gathering in May.")


def take(database: Database, vault: Vault, content: bytes | str) -> Report:
    file = io.BytesIO(content.encode() if isinstance(content, str) else content)
    with database.write() as session:
        return import_csv(session, vault, file, wording=TOLD, now=NOW)


def names(database: Database, vault: Vault) -> dict[str, str]:
    """Everyone on the list: address to name."""
    with database.read() as session:
        return {
            vault.open_address(person.sealed_address, person.address_hash): vault.open_name(
                person.sealed_name, person.address_hash
            )
            if person.sealed_name
            else ""
            for person in session.scalars(select(Subscriber).order_by(Subscriber.id))
        }


def numbers(report: Report) -> tuple[int, int, int, int]:
    return report.added, report.already_there, report.suppressed, report.refused


def test_a_file_goes_in_with_consent_and_languages(database: Database, vault: Vault) -> None:
    report = take(database, vault, 'email,name,language\nana@example.org,"Ruiz, Ana",es\nbo@example.org,,"vi, en"\n')
    assert numbers(report) == (2, 0, 0, 0)
    with database.read() as session:
        held = show(session, vault, "bo@example.org")
        assert (held.name, held.languages, held.state) == ("", "vi,en", State.SUBSCRIBED)
        assert [(agreed.came_by, agreed.wording) for agreed in held.consents] == [("import", TOLD.text)]
        assert show(session, vault, "ana@example.org").name == "Ruiz, Ana"


@pytest.mark.parametrize(
    ("header", "row", "name"),
    [
        ("E-Mail Address,First Name,Last Name", "ana@example.org,Ana,Ruiz", "Ana Ruiz"),
        ("Correo electrónico;Nombre;Apellidos;Idioma", "ana@example.org;Ana;Ruiz;es", "Ana Ruiz"),
        ("Name\tAddress\tE-mail", "Ana\tSome Street 5\tana@example.org", "Ana"),
        ("EMAIL_ADDRESS , Full name", "ana@example.org, Ana", "Ana"),
        ("Họ;Tên;Địa chỉ email", "Ruiz;Ana;ana@example.org", "Ana Ruiz"),
        ("الاسم,البريد الإلكتروني", "Ana,ana@example.org", "Ana"),
        ("email", "ana@example.org", ""),
        ("address,joined", "ana@example.org", ""),
    ],
)
def test_columns_are_known_by_many_names(database: Database, vault: Vault, header: str, row: str, name: str) -> None:
    assert numbers(take(database, vault, f"{header}\n{row}\n")) == (1, 0, 0, 0)
    assert names(database, vault) == {"ana@example.org": name}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is empty"),
        ("\n\n \n", "is empty"),
        ("phone,name\n123,Ana\n", '"phone", "name"'),
        ("ana@example.org,Ana\n", "holds an address, but should name the columns"),
        ("email,Email\na@example.org,\n", 'Two columns are called "email"'),
        ('"email\n', "cannot be read"),
        (b"PK\x03\x04\x14\x00", "spreadsheet"),
        ("<!doctype html><html>", "No column holds addresses"),
    ],
)
def test_a_file_that_is_no_list_is_refused_whole(
    database: Database, vault: Vault, content: str | bytes, says: str
) -> None:
    with pytest.raises(BadFile, match=says) as error:
        take(database, vault, content)
    assert "ana@" not in str(error.value)
    assert names(database, vault) == {}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_encoding_is_found_out(database: Database, vault: Vault, encoding: str, end: str) -> None:
    text = end.join(["email;name", "ana@example.org;Ana Muñoz", "bo@example.org;Bo"])
    report = take(database, vault, text.encode(encoding))
    assert (report.encoding, report.delimiter) == (encoding, ";")
    assert names(database, vault) == {"ana@example.org": "Ana Muñoz", "bo@example.org": "Bo"}


def test_one_person_in_two_spellings_is_counted_once(database: Database, vault: Vault) -> None:
    content = "email,name\nAna@Example.org,Ana\nana@example.org,Anna\n jose\u0301@example.org,J\njosé@EXAMPLE.ORG,J\n"
    assert numbers(take(database, vault, content)) == (2, 2, 0, 0)
    assert numbers(take(database, vault, content)) == (0, 4, 0, 0)
    assert names(database, vault)["Ana@example.org"] == "Ana"
    with database.read() as session:
        assert len(session.scalars(select(Consent)).all()) == 2


def test_who_left_or_bounced_stays_out(database: Database, vault: Vault) -> None:
    content = "email\nleft@example.org\nerased@example.org\nbounced@example.org\nnew@example.org\n"
    take(database, vault, content.replace("new@example.org\n", "").replace("bounced@example.org\n", ""))
    with database.write() as session:
        first, second = session.scalars(select(Subscriber.id).order_by(Subscriber.id))
        leave(session, journal(), second, datetime(2026, 1, 1, tzinfo=UTC))
        erase_left(session, NOW)
        leave(session, journal(), first, NOW)
        address_hash = vault.hash(normal("bounced@example.org"))
        session.add(Suppression(address_hash=address_hash, reason="bounced", day=NOW.date()))
    assert numbers(take(database, vault, content)) == (1, 0, 3, 0)


BROKEN = b"""email,name
ana@example.org,Ana
not an address,Bo
"bo@example.org,Bo
cy@example.org,Cy\x00
cy@example.org,Cy,more,cells
di@example.org,"Di ana" x
"el@example.org
",El
"fay@example.org","Fay
of the Two Lines"

,
gus@example.org,Gus,,
,Nobody
"""


def test_broken_rows_are_named_by_line_and_take_no_other_with_them(database: Database, vault: Vault) -> None:
    report = take(database, vault, BROKEN)
    assert names(database, vault) == {
        "ana@example.org": "Ana",
        "fay@example.org": "Fay of the Two Lines",
        "gus@example.org": "Gus",
    }
    assert [refused.line for refused in report.refusals] == [3, 4, 5, 6, 7, 8, 15]
    assert report.refused == 7
    assert "NUL" in report.refusals[2].reason
    assert "quotation marks" in report.refusals[1].reason
    assert "example.org" not in repr(report)


def test_a_quotation_mark_never_closed_costs_its_own_line_alone(database: Database, vault: Vault) -> None:
    people = "".join(f"p{n}@example.org,P\n" for n in range(100))
    report = take(database, vault, f'email,name\nana@example.org,"Ana\n{people}')
    assert numbers(report) == (100, 0, 0, 1)
    assert report.refusals[0].line == 2


def test_a_huge_cell_costs_its_own_line_alone(database: Database, vault: Vault) -> None:
    huge = "x" * 10_000_000
    report = take(database, vault, f"email,name\nana@example.org,{huge}\n{huge}\nbo@example.org,Bo\n")
    assert numbers(report) == (1, 0, 0, 2)
    assert [refused.line for refused in report.refusals] == [2, 3]


def test_a_line_just_as_long_as_allowed_is_read(database: Database, vault: Vault) -> None:
    start = "ana@example.org,Ana,"
    line = start + "x" * (LONGEST_LINE - len(start) - 1)
    assert numbers(take(database, vault, f"email,name,notes\n{line}\nbo@example.org\n")) == (2, 0, 0, 0)


def test_a_file_cut_off_within_a_sign_loses_its_last_line_alone(database: Database, vault: Vault) -> None:
    for encoding in ("utf-8", "utf-16"):
        content = "email,name\nana@example.org,Añ\nbo@example.org,Muñ".encode(encoding)[:-1]
        report = take(database, vault, content)
        assert report.encoding == encoding
        assert [refused.line for refused in report.refusals] == [3]
    assert names(database, vault) == {"ana@example.org": "Añ"}


def test_many_rows_go_in_by_chunks_and_the_report_stays_short(database: Database, vault: Vault) -> None:
    good = "".join(f"p{n}@example.org\n" for n in range(2 * CHUNK + 1))
    report = take(database, vault, f"email\n{good}{'bad' * 3}\n" + "bad\n" * LISTED)
    assert numbers(report) == (2 * CHUNK + 1, 0, 0, LISTED + 1)
    assert len(report.refusals) == LISTED


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.binary(max_size=300)
    | st.lists(
        st.sampled_from([b"a@example.org", b'"', b",", b"\n", b"\r", b"\0", b"\xff", b"x", "ñ".encode()]), max_size=60
    ).map(b"".join)
)
def test_any_bytes_are_read_row_by_row_or_refused(content: bytes) -> None:
    try:
        with open_csv(io.BytesIO(b"email,name\n" + content)) as table:
            rows = list(table.rows)
    except BadFile:
        return
    lines = [row.line for row in rows]
    assert lines == sorted(set(lines))
    assert all(bool(row.problem) != bool(row.cells) for row in rows)
    assert not any(sign in cell for row in rows for cell in row.cells for sign in "\0\N{REPLACEMENT CHARACTER}")


def test_the_file_is_left_open_for_its_owner() -> None:
    file = io.BytesIO(b"email\na@example.org\n")
    with open_csv(file) as table:
        assert len(list(table.rows)) == 2
    assert not file.closed
