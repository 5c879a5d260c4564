"""A file that comes back is what its content says it is, whatever its name: the issue file, or a sheet."""

from datetime import datetime

from sqlalchemy.orm import Session

from issues.exchange.applying import apply_document
from issues.exchange.document import Document
from issues.exchange.merge import Applied
from issues.exchange.reading import read
from issues.exchange.sheet_applying import apply_sheet
from issues.exchange.sheet_reading import is_sheet, read_sheet
from issues.exchange.sheets import Sheet
from issues.exchange.tables import decoded
from issues.models import Issue

Given = Document | Sheet
"""What came back, read; its `slug` names the issue it is of."""


def opened(data: bytes) -> Given:
    """Read a file: before a transaction is begun, since a large workbook takes seconds. Raises Unreadable."""
    return read_sheet(data) if is_sheet(data) else read(decoded(data))


def take_in(
    session: Session, issue: Issue, given: Given, *, by: str, now: datetime, small_edit: bool = False
) -> Applied:
    """Change `issue` as the file says; see `apply` and `apply_sheet`. Raises Unreadable, and then nothing was changed.

    `small_edit`, for an issue file: translations of the source texts changed here stay true.
    """
    if isinstance(given, Sheet):
        return apply_sheet(session, issue, given, by=by, now=now)
    return apply_document(session, issue, given, by=by, now=now, small_edit=small_edit)
