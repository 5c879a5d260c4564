"""A translator's sheet goes into the issue: text by text through the same merge as the issue file, as drafts."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby

from sqlalchemy.orm import Session

from issues import history
from issues.errors import Unreadable
from issues.exchange.cells import merge_cells
from issues.exchange.document import Block, Cell, Document
from issues.exchange.merge import Applied, Merge
from issues.exchange.sheets import Line, Sheet, sheet
from issues.models import Issue, Passage
from issues.texts import tidy, tidy_text

MOST_NAMED = 5


def apply_sheet(session: Session, issue: Issue, given: Sheet, *, by: str, now: datetime) -> Applied:
    """Take a sheet's translations in; the source column is for reading, and a cell left empty changes nothing.

    Raises Unreadable, and changes nothing, where the sheet as a whole cannot be taken.
    """
    history.hold(session, issue)
    _check(issue, given)
    frame = history.frame(issue)._replace(languages=(given.head.language,))
    document = Document(issue.slug, given.head.revision, frame, {})
    merge = Merge(session, issue, document, by, now, small_edit=False)
    merge.said.refused.extend(given.problems)
    document.blocks.update({block.key: block for block in _blocks(merge, given)})
    issue.revision += 1
    merge_cells(merge)
    issue.revision -= not merge.said.changes
    merge.said.notes.extend(_left(merge, given))
    session.flush()
    return merge.said


def _check(issue: Issue, given: Sheet) -> None:
    named = given.head
    if named.slug != issue.slug:
        raise Unreadable(f"this is a sheet of issue {named.slug!r}; give it back there, or take one of {issue.slug}")
    if named.revision > issue.revision:
        newest = f"the issue is at {issue.revision}"
        raise Unreadable(f"revision {named.revision} does not exist, {newest}; take the sheet out again")
    if named.language not in issue.languages[1:]:
        others = ", ".join(issue.languages[1:]) or "none"
        raise Unreadable(f"issue {issue.slug} is not translated into {named.language}; its other languages: {others}")


def _blocks(merge: Merge, given: Sheet) -> Iterator[Block]:
    """The sheet's lines, passage by passage; what it does not say is as it was when it was taken out."""
    language = given.head.language
    lines = sorted(given.lines, key=lambda line: (line.key, line.kind))
    for (key, kind), group in groupby(lines, key=lambda line: (line.key, line.kind)):
        passage, rows = _passage(merge, key), list(group)
        if passage is not None and passage.kind is not kind:
            merge.said.refused.append(f"not taken: row {rows[0].row}, since {key} is no {kind} but a {passage.kind}")
            continue
        then = merge.base_fields(passage, language) if passage else merge.fields_then(key, language)
        written = {line.name: line.target for line in rows if line.target.strip()}
        yield Block(kind, key, cells={language: Cell("", tidy(kind, {**then, **written}))}, line=rows[0].row)


def _left(merge: Merge, given: Sheet) -> Iterator[str]:
    """What somebody may think was taken, and was not."""
    present = {line.path: line for line in sheet(merge.issue, given.head.language).lines}
    emptied = [line for line in given.lines if not line.target.strip() and _target(present, line)]
    if emptied:
        yield f"left empty in the sheet, so it stays as it is (it can be deleted at the desk): {_named(emptied)}"
    known = given.doubtful.union(line.path for line in given.lines)
    missing = [line for path, line in present.items() if path not in known]
    if missing:
        yield f"the sheet has no row for these, they stay as they are: {_named(missing)}"
    changed = [line for line in given.lines if line.path in present and _source_differs(merge, line)]
    if changed:
        yield f"the {given.source_language} was changed in the sheet, and is not taken from there: {_named(changed)}"


def _target(present: Mapping[str, Line], line: Line) -> str:
    return present[line.path].target if line.path in present else ""


def _source_differs(merge: Merge, line: Line) -> bool:
    """Whether the source column says something else than when the sheet was taken out."""
    passage = _passage(merge, line.key)
    then = merge.base_fields(passage, merge.issue.source_language) if passage else {}
    return then.get(line.name, "") != tidy_text(line.name, line.source)


def _passage(merge: Merge, key: str) -> Passage | None:
    return next((passage for passage in merge.issue.passages if passage.key == key), None)


def _named(lines: Sequence[Line]) -> str:
    more = f" and {len(lines) - MOST_NAMED} more" if len(lines) > MOST_NAMED else ""
    return ", ".join(line.called for line in lines[:MOST_NAMED]) + more
