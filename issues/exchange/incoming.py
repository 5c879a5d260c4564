"""A file that comes back is what its content says it is, whatever its name: the issue file, or a sheet."""

from datetime import datetime

from sqlalchemy.orm import Session

from issues.exchange.applying import apply
from issues.exchange.merge import Applied
from issues.exchange.reading import read
from issues.exchange.sheet_applying import apply_sheet
from issues.exchange.sheet_reading import is_sheet, read_sheet
from issues.exchange.tables import decoded
from issues.models import Issue


def slug_of(data: bytes) -> str:
    """The issue that a file is of. Raises Unreadable."""
    return read_sheet(data).head.slug if is_sheet(data) else read(decoded(data)).slug


def take_in(
    session: Session, issue: Issue, data: bytes, *, by: str, now: datetime, small_edit: bool = False
) -> Applied:
    """Change `issue` as the file says; see `apply` and `apply_sheet`. Raises Unreadable, and then nothing was changed.

    `small_edit`, for an issue file: translations of the source texts changed here stay true.
    """
    if is_sheet(data):
        return apply_sheet(session, issue, data, by=by, now=now)
    return apply(session, issue, decoded(data), by=by, now=now, small_edit=small_edit)
