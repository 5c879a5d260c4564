"""A file that comes back is what its content says it is, whatever its name: the issue file, or a sheet."""

from datetime import datetime

from sqlalchemy.orm import Session

from issues.errors import Unreadable
from issues.exchange.applying import apply_document
from issues.exchange.document import LARGEST, Document
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
    if len(data) > LARGEST:
        raise Unreadable(f"it is larger than {LARGEST // 1_000_000} MB; is it the right file?")
    if is_sheet(data):
        return read_sheet(data)
    text = decoded(data)
    if text.lstrip().startswith("---"):
        return read(text)
    raise Unreadable(
        "it is neither an issue file, which begins with a line `---`, nor a sheet of one language, whose first cell is "
        "like `issue 2026-12 · es · revision 4`; take one out again"
    )


def take_in(
    session: Session, issue: Issue, given: Given, *, by: str, now: datetime, small_edit: bool = False
) -> Applied:
    """Change `issue` as the file says; see `apply` and `apply_sheet`. Raises Unreadable, and then nothing was changed.

    `small_edit`, for an issue file: translations of the source texts changed here stay true.
    """
    if isinstance(given, Sheet):
        return apply_sheet(session, issue, given, by=by, now=now)
    return apply_document(session, issue, given, by=by, now=now, small_edit=small_edit)
