"""Changing one text at the desk: saved against the revision that its author saw, so that nobody loses a word.

A stale translation stays stale while it is typed in: a person says that it is true again, or approves it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from issues import history, wordings
from issues.errors import Conflict, NotFound, Unreadable
from issues.matrix import CellState, cell_state, fields_digest, is_true, source_digest
from issues.models import Edit, Issue, Passage, Wording
from issues.texts import tidy

LONGEST_BODY = 40_000
LONGEST_LINE = 1_000
"""Characters of a field that is one line."""

ONE_SITTING = timedelta(minutes=10)
"""Saves of one person that follow each other more closely are one entry of a text's history."""


class TextConflict(Conflict):
    """Somebody else changed the text since its author opened it; what they wrote comes along."""

    def __init__(self, theirs: Mapping[str, str], revision: int, edit: Edit | None) -> None:
        self.theirs, self.revision = dict(theirs), revision
        self.by = edit.by if edit else "somebody"
        self.at = edit.at if edit else None
        super().__init__(f"{self.by} changed this text while you wrote: look at both, and save what should stand")


@dataclass(frozen=True)
class Seen:
    """What the author had before them."""

    revision: int
    """Of the text; 0 where there was none."""
    source: str | None = None
    """The digest of the source text as it was when the author opened it."""
    unanswered: Mapping[str, str] | None = None
    """What the author's browser sent before and got no answer to: finding this is finding one's own words."""


@dataclass(frozen=True)
class Cell:
    """One passage in one language, with the words it has now."""

    passage: Passage
    language: str

    @property
    def wording(self) -> Wording | None:
        return self.passage.wording(self.language)

    @property
    def revision(self) -> int:
        return self.wording.revision if self.wording else 0

    @property
    def fields(self) -> dict[str, str]:
        return tidy(self.passage.kind, self.wording.fields) if self.wording else {}

    @property
    def state(self) -> CellState:
        return cell_state(self.passage, self.language)

    @property
    def is_source(self) -> bool:
        return self.language == self.passage.issue.source_language


def find(issue: Issue, key: str, language: str) -> Cell:
    """The cell of this key and language. Raises NotFound where the issue has not both."""
    passage = next((passage for passage in issue.passages if passage.key == key), None)
    if passage is None or language not in issue.languages:
        raise NotFound(f"issue {issue.slug} has no text {key[:64]} in {language[:35]}; somebody may have removed it")
    return Cell(passage, language)


def save(
    session: Session,
    issue: Issue,
    key: str,
    language: str,
    fields: Mapping[str, str],
    *,
    seen: Seen,
    by: str,
    now: datetime,
    small_edit: bool = False,
) -> Cell:
    """Make `fields` what the cell says, as a draft. Raises TextConflict where the text is not the one that was seen.

    `small_edit`, for a source text: the translations that were true to it, or to what its author saw, stay true.
    """
    history.hold(session, issue)
    cell = find(issue, key, language)
    wanted = _within_bounds(tidy(cell.passage.kind, fields))
    if wanted != cell.fields:
        _refuse_conflict(session, cell, seen)
        _write(session, cell, wanted, seen, small_edit, by, now)
    elif small_edit and cell.is_source:
        _keep_true(session, cell, _true_to(cell.passage, seen.source), by, now)
    session.flush()
    return cell


def confirm(session: Session, issue: Issue, key: str, language: str, *, seen: Seen, by: str, now: datetime) -> Cell:
    """Say by name that a stale translation, as it stands, is true to the source text that was seen."""
    cell = _unchanged(session, issue, key, language, seen)
    if cell.state is CellState.STALE:
        issue.revision += 1
        wordings.write(
            session,
            cell.passage,
            language,
            cell.fields,
            made_from=source_digest(cell.passage),
            by=by,
            now=now,
            what=history.SMALL_EDIT,
        )
    return cell


def approve(session: Session, issue: Issue, key: str, language: str, *, seen: Seen, by: str, now: datetime) -> Cell:
    """Approve the text that was seen, beside the source text that was seen. Raises Conflict where one is new."""
    cell = _unchanged(session, issue, key, language, seen)
    if cell.wording and cell.state in (CellState.DRAFT, CellState.STALE):
        issue.revision += 1
        wordings.approve(session, cell.passage, cell.wording, by=by, now=now)
    return cell


def withdraw(
    session: Session, issue: Issue, key: str, language: str, *, by: str, now: datetime, made_from: str | None = None
) -> Cell:
    """Make an approved text a draft again; with `made_from`, true to that source text again, as before the approval."""
    history.hold(session, issue)
    cell = find(issue, key, language)
    if cell.wording and cell.wording.approved_at:
        issue.revision += 1
        wordings.withdraw(session, cell.passage, cell.wording, by=by, now=now)
        if made_from and not cell.is_source:
            cell.wording.source_digest = made_from
    return cell


def restore(session: Session, issue: Issue, key: str, language: str, edit: int, *, by: str, now: datetime) -> Cell:
    """Make the cell say again what it said after `edit`, as a draft; the words it has now stay in the history."""
    history.hold(session, issue)
    cell = find(issue, key, language)
    then = next((e for e in history.history(session, issue, key, language) if e.id == edit), None)
    if then is None:
        raise NotFound(f"the history of {key} in {language} has no such entry; open it again")
    seen = Seen(cell.revision, source_digest(cell.passage))
    return save(session, issue, key, language, then.fields, seen=seen, by=by, now=now)


def sittings(session: Session, issue: Issue, key: str, language: str) -> list[Edit]:
    """The history of a text, newest first: of the saves of one sitting only the last."""
    kept: list[Edit] = []
    for edit in history.history(session, issue, key, language):
        if kept and _same_sitting(kept[-1], edit):
            kept.pop()
        kept.append(edit)
    return kept[::-1]


def source_then(session: Session, cell: Cell) -> dict[str, str] | None:
    """The source text that a stale translation was made from, as far as the history knows it."""
    issue, wording = cell.passage.issue, cell.wording
    if wording is None or is_true(cell.passage, wording):
        return None
    edits = history.history(session, issue, cell.passage.key, issue.source_language)
    found = (edit.fields for edit in reversed(edits) if fields_digest(edit.fields) == wording.source_digest)
    return next(found, None)


def drafts(issue: Issue, keys: Collection[str], languages: Collection[str]) -> list[Cell]:
    """The complete texts that are not approved yet and not stale."""
    cells = (Cell(passage, tag) for passage in issue.passages if passage.key in keys for tag in languages)
    return [cell for cell in cells if cell.state is CellState.DRAFT]


def last_edit(session: Session, cell: Cell) -> Edit | None:
    """The newest line of the cell's history."""
    return next(reversed(history.history(session, cell.passage.issue, cell.passage.key, cell.language)), None)


def _refuse_conflict(session: Session, cell: Cell, seen: Seen) -> None:
    own = seen.unanswered is not None and tidy(cell.passage.kind, seen.unanswered) == cell.fields
    if cell.revision != seen.revision and not own:
        raise TextConflict(cell.fields, cell.revision, last_edit(session, cell))


def _unchanged(session: Session, issue: Issue, key: str, language: str, seen: Seen) -> Cell:
    """The cell, where it and its source text are what was seen."""
    history.hold(session, issue)
    cell = find(issue, key, language)
    _refuse_conflict(session, cell, seen)
    if not cell.is_source and seen.source != source_digest(cell.passage):
        raise Conflict(f"the {issue.source_language} text of {key} changed while you read: look at both again")
    return cell


def _write(
    session: Session, cell: Cell, fields: Mapping[str, str], seen: Seen, small_edit: bool, by: str, now: datetime
) -> None:
    small = small_edit and cell.is_source
    true = _true_to(cell.passage, seen.source) if small else []
    made_from = cell.wording.source_digest if cell.wording else seen.source
    cell.passage.issue.revision += 1
    what = history.SMALL_EDIT if small else history.TEXT
    wordings.write(session, cell.passage, cell.language, fields, made_from=made_from, by=by, now=now, what=what)
    for translation in true:
        translation.source_digest = source_digest(cell.passage)


def _true_to(passage: Passage, opened: str | None) -> list[Wording]:
    """The translations of the source text as it is, and as its author found it."""
    digests = {source_digest(passage), opened} - {None}
    source = passage.issue.source_language
    return [w for w in passage.wordings if w.language != source and w.source_digest in digests]


def _keep_true(session: Session, cell: Cell, translations: Collection[Wording], by: str, now: datetime) -> None:
    """What was typed before somebody said that it was a small edit counts as one."""
    digest = source_digest(cell.passage)
    if all(translation.source_digest == digest for translation in translations):
        return
    issue = cell.passage.issue
    issue.revision += 1
    for translation in translations:
        translation.source_digest = digest
    history.record_text(
        session, issue, cell.passage.key, cell.language, cell.fields, by=by, now=now, what=history.SMALL_EDIT
    )


def _same_sitting(earlier: Edit, later: Edit) -> bool:
    typed = (history.TEXT, history.SMALL_EDIT)
    both = earlier.what in typed and later.what == earlier.what and earlier.by == later.by
    return both and later.at - earlier.at < ONE_SITTING


def _within_bounds(fields: Mapping[str, str]) -> dict[str, str]:
    for name, text in fields.items():
        longest = LONGEST_BODY if name == "body" else LONGEST_LINE
        if len(text) > longest:
            raise Unreadable(f"the {name} has {len(text)} characters, and {longest} are the most: shorten it")
    return dict(fields)
