"""Importing people from a CSV file. What is good goes in; what is not is reported by line, without repeating it."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO, NamedTuple

from sqlalchemy.orm import Session

from subscribers import consent
from subscribers.csv_files import Row, open_csv
from subscribers.errors import BadFile, SubscriberError
from subscribers.people import Enrolled, enrol, sealed
from subscribers.vault import Vault

CHUNK = 500
"""People per statement."""
LISTED = 1000
"""Refused lines that a report lists; the others are only counted."""


def _plain(name: str) -> str:
    """A column's name as it is compared: `E-Mail` is `e mail`, `Electrónico` loses its accent."""
    bare = "".join(s for s in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(s))
    return re.sub(r"[\W_]+", " ", bare).strip()


def _names(*names: str) -> tuple[str, ...]:
    return tuple(_plain(name) for name in names)


ADDRESS = _names(
    *("email", "e-mail", "email address", "e-mail address", "mail", "correo electrónico", "correo"),
    *("địa chỉ email", "thư điện tử", "البريد الإلكتروني", "address"),
)
FULL_NAME = _names("name", "full name", "nombre completo", "họ và tên", "họ tên", "الاسم الكامل", "الاسم")
GIVEN_NAME = _names("first name", "firstname", "fname", "given name", "nombre", "tên", "الاسم الأول")
FAMILY_NAME = _names("last name", "lastname", "lname", "family name", "surname", "apellidos", "apellido", "họ")
LANGUAGES = _names("languages", "language", "lang", "locale", "idiomas", "idioma", "ngôn ngữ", "اللغة")


class Refused(NamedTuple):
    """A line that was not imported, and why; it never repeats the line."""

    line: int
    reason: str


@dataclass
class Report:
    """What became of the file: each of its rows is counted once."""

    encoding: str
    delimiter: str
    added: int = 0
    already_there: int = 0
    """On the list before, or twice in the file."""
    suppressed: int = 0
    """Left, or refused us, before: they stay out."""
    refused: int = 0
    refusals: list[Refused] = field(default_factory=list)
    """The first of them, at most LISTED."""

    def refuse(self, line: int, reason: str) -> None:
        self.refused += 1
        if len(self.refusals) < LISTED:
            self.refusals.append(Refused(line, reason))

    def count(self, people: Sequence[dict[str, Any]], outcome: Enrolled) -> None:
        suppressed = sum(person["address_hash"] in outcome.suppressed for person in people)
        self.added += len(outcome.added)
        self.suppressed += suppressed
        self.already_there += len(people) - len(outcome.added) - suppressed


def import_csv(session: Session, vault: Vault, file: BinaryIO, *, wording: consent.Wording, now: datetime) -> Report:
    """Add the people in `file` (seekable), who agreed to `wording`. Raises BadFile where it is no such list.

    Those who are there stay as they are; those who left stay away.
    """
    kept = consent.wording_id(session, wording)
    with open_csv(file) as table:
        columns = _columns(next(table.rows, None))
        report = Report(table.encoding, table.delimiter)
        people = _people(table.rows, columns, vault, report)
        while chunk := list(islice(people, CHUNK)):
            outcome = enrol(session, chunk, wording=kept, came_by="import", now=now)
            report.count(chunk, outcome)
    return report


class _Columns(NamedTuple):
    """Where in a row things stand."""

    width: int
    address: int
    name: tuple[int, ...]
    languages: int | None


def _columns(header: Row | None) -> _Columns:
    if header is None:
        raise BadFile("The file is empty.")
    if header.problem:
        raise BadFile(f"Line {header.line} should name the columns, but cannot be read. {header.problem}")
    names = [_plain(cell) for cell in header.cells]
    address = _find(names, ADDRESS)
    if address is None:
        raise BadFile(_without_addresses(header))
    full = _find(names, FULL_NAME)
    parts = (_find(names, GIVEN_NAME), _find(names, FAMILY_NAME)) if full is None else (full,)
    name = tuple(place for place in parts if place is not None)
    return _Columns(len(names), address, name, _find(names, LANGUAGES))


def _find(names: Sequence[str], known: Iterable[str]) -> int | None:
    """The column called by the first of the `known` names; two of one name are never chosen between."""
    for name in known:
        if names.count(name) > 1:
            raise BadFile(f'Two columns are called "{name}": rename the one that is not meant.')
        if name in names:
            return names.index(name)
    return None


def _without_addresses(header: Row) -> str:
    if any("@" in cell for cell in header.cells):
        return (
            f"Line {header.line} holds an address, but should name the columns: "
            "put a line like email,name,languages above it."
        )
    found = ", ".join(f'"{cell.strip()[:30]}"' for cell in header.cells[:12])
    return f'No column holds addresses: line {header.line} names {found}; call the column with the addresses "email".'


def _people(rows: Iterator[Row], columns: _Columns, vault: Vault, report: Report) -> Iterator[dict[str, Any]]:
    """The rows that can be added, sealed; the others go into the report."""
    for row in rows:
        try:
            yield _person(row, columns, vault)
        except SubscriberError as error:
            report.refuse(row.line, str(error))


def _person(row: Row, columns: _Columns, vault: Vault) -> dict[str, Any]:
    if row.problem:
        raise SubscriberError(row.problem)
    if any(cell.strip() for cell in row.cells[columns.width :]):
        raise SubscriberError("It has more cells than the first line; put quotation marks around a cell with a comma.")
    cells = row.cells + [""] * columns.width  # a row may end early
    return sealed(
        vault,
        address=cells[columns.address],
        name=" ".join(cells[place] for place in columns.name),
        languages="" if columns.languages is None else cells[columns.languages],
    )
