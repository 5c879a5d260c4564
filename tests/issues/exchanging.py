"""Editing an issue file as a person would: by what stands in it."""

from sqlalchemy.orm import Session

from issues.exchange import Applied, apply, export
from issues.matrix import CellState, cell_state
from issues.models import Issue
from tests.issues.drafted import LATER


def swapped(file: str, *pairs: tuple[str, str]) -> str:
    """`file` with each first text, which must stand there, replaced by the second."""
    for old, new in pairs:
        assert old in file, old
        file = file.replace(old, new, 1)
    return file


def applied(session: Session, issue: Issue, *pairs: tuple[str, str], by: str = "Ana", small: bool = False) -> Applied:
    """What became of the issue's present file with some texts replaced."""
    return put(session, issue, swapped(export(issue), *pairs), by=by, small=small)


def put(session: Session, issue: Issue, file: str, *, by: str = "Ana", small: bool = False) -> Applied:
    """What became of a file."""
    return apply(session, issue, file, by=by, now=LATER, small_edit=small)


def state(issue: Issue, key: str, language: str) -> CellState:
    return cell_state(next(passage for passage in issue.passages if passage.key == key), language)


def said(issue: Issue, key: str, language: str) -> dict[str, str]:
    """A passage's fields in one language."""
    wording = next(passage for passage in issue.passages if passage.key == key).wording(language)
    return wording.fields if wording else {}


def without(file: str, begin: str, end: str) -> str:
    """`file` without what stands from `begin` up to `end`."""
    before, found, rest = file.partition(begin)
    assert found, begin
    assert end in rest, end
    return before + end + rest.split(end, 1)[1]
