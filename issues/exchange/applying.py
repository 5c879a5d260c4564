"""An issue file goes into the issue: nothing that somebody changed after the file was exported is lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy.orm import Session

from issues import history, pictures
from issues.composing import placeable
from issues.errors import NotFound
from issues.exchange.cells import merge_cells
from issues.exchange.document import Document
from issues.exchange.frames import merge_frame
from issues.exchange.merge import Applied, Merge
from issues.exchange.reading import read, wrong
from issues.models import Issue, PassageKind


def apply(
    session: Session, issue: Issue, file_text: str, *, by: str, now: datetime, small_edit: bool = False
) -> Applied:
    """Change `issue` as its file says; every change is of one new revision and by one person.

    `small_edit`: translations of the source texts changed here stay true.
    Raises Unreadable, and changes nothing, where the file as a whole cannot be taken.
    """
    return apply_document(session, issue, read(file_text), by=by, now=now, small_edit=small_edit)


def apply_document(
    session: Session, issue: Issue, document: Document, *, by: str, now: datetime, small_edit: bool = False
) -> Applied:
    """The same of a file that was read."""
    history.hold(session, issue)
    _check_header(issue, document)
    _check_passages(session, issue, document)
    merge = Merge(session, issue, document, by, now, small_edit)
    issue.revision += 1
    merge_frame(merge)
    merge_cells(merge)
    issue.revision -= not merge.said.changes
    session.flush()
    return merge.said


def _check_header(issue: Issue, document: Document) -> None:
    lines = document.lines
    if document.slug != issue.slug:
        raise wrong(lines["issue"], f"this is the file of issue {document.slug[:64]!r}; apply the file of {issue.slug}")
    if document.revision > issue.revision:
        newest = f"the issue is at {issue.revision}"
        raise wrong(lines["revision"], f"revision {document.revision} does not exist, {newest}; export the issue again")
    if document.frame.languages[0] != issue.source_language:
        raise wrong(lines["languages"], f"`{issue.source_language}` is the source language; list it first")


def _check_passages(session: Session, issue: Issue, document: Document) -> None:
    kinds = {passage.key: passage.kind for passage in issue.passages}
    known = {*kinds, *history.frame_at(session, issue, document.revision).order}
    for block in document.blocks.values():
        kind = kinds.get(block.key, block.kind)
        if kind is not block.kind:
            raise wrong(block.line, f"`{block.key}` is a {kind} in this issue; give the {block.kind} another key")
        if block.kind is PassageKind.RESOURCE and block.key not in known:
            with _at(block.line):
                placeable(session, int(block.key))
        if block.picture:
            with _at(block.line):
                pictures.find(session, block.picture)


@contextmanager
def _at(line: int) -> Iterator[None]:
    """What the file names and is not there is said with its line."""
    try:
        yield
    except NotFound as error:
        raise wrong(line, str(error)) from error
