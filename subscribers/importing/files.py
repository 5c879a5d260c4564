"""A file of any kind, opened as tables: CSV in any encoding, a workbook, a ZIP of CSV files."""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from subscribers.errors import BadFile
from subscribers.importing.csv_files import csv_rows, encoding_of
from subscribers.importing.rows import Table
from subscribers.importing.workbooks import is_workbook, workbook_tables

MOST_FILES = 15
LARGEST_INSIDE = 500_000_000
"""Bytes of an archive once unpacked."""
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_TEXTS = (".csv", ".tsv", ".txt")
_PAST = (".delivers.csv", ".opens.csv", ".clicks.csv")
"""What Substack's archive tells of each post: addresses of whoever once got it, who left since among them."""
_ENCRYPTED = 0x1
"""A bit of a ZIP entry's flags (APPNOTE, section 4.4.4)."""


@contextmanager
def tables_of(file: BinaryIO, called: str, encoding: str = "") -> Iterator[Iterator[Table]]:
    """The tables of `file` (seekable, left open), one after another. Raises BadFile where it is something else.

    `encoding` is for text whose own could not be found out.
    """
    head = file.read(len(_OLE))
    file.seek(0)
    if head == _OLE:
        raise BadFile("This is a workbook of an old kind, or has a password: save it as .xlsx or CSV (UTF-8).")
    if head != _ZIP:
        yield iter([_text_table(file, 1, called, encoding)])
        return
    try:
        parts = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, EOFError, ValueError):
        raise BadFile("This spreadsheet or ZIP archive is cut off or broken: save or download it again.") from None
    with parts:
        yield workbook_tables(file, parts) if is_workbook(parts) else _archive_tables(parts, encoding)


def _text_table(file: BinaryIO, number: int, called: str, encoding: str) -> Table:
    found = encoding or encoding_of(file)
    return Table(number, called, found, csv_rows(file, found))


def _archive_tables(parts: zipfile.ZipFile, encoding: str) -> Iterator[Table]:
    inside = [part for part in parts.infolist() if _is_text(part)]
    if not inside:
        raise BadFile("This ZIP archive holds no CSV file: unpack it and import the file with the addresses.")
    if len(inside) > MOST_FILES or sum(part.file_size for part in inside) > LARGEST_INSIDE:
        raise BadFile("This ZIP archive holds too much: unpack it and import its CSV files one by one.")
    if any(part.flag_bits & _ENCRYPTED for part in inside):
        raise BadFile("This ZIP archive has a password: unpack it and import its CSV files one by one.")
    for number, part in enumerate(inside, 1):
        try:
            with parts.open(part) as content:
                yield _text_table(cast(BinaryIO, content), number, part.filename.rpartition("/")[2], encoding)
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError):
            raise BadFile("This ZIP archive is cut off or broken: download it again.") from None


def _is_text(part: zipfile.ZipInfo) -> bool:
    """A Mac adds a shadow of each file, in a folder of its own."""
    name = part.filename.lower()
    return name.endswith(_TEXTS) and not name.endswith(_PAST) and not name.startswith("__macosx/")
