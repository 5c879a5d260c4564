"""What an issue was at each revision, from the append-only edits; and the lock under which it changes."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, selectinload

from issues.models import Edit, Fallback, Issue, Passage

TEXT = "text"
SMALL_EDIT = "small-edit"
APPROVAL = "approval"
WITHDRAWAL = "withdrawal"
ORDER = "order"


class Frame(NamedTuple):
    """All of an issue that is not wording: it is merged as one."""

    languages: tuple[str, ...]
    fallback: Fallback
    order: tuple[str, ...]
    """The passages' keys."""
    every_month: frozenset[str]
    """The keys of the standing ones."""
    pictures: frozenset[tuple[str, str]] = frozenset()
    """Key and picture's name of those that have one."""


def hold(session: Session, issue: Issue) -> None:
    """Read the issue anew and keep other writers out until this transaction ends."""
    session.scalars(
        select(Issue)
        .where(Issue.id == issue.id)
        .options(
            selectinload(Issue.passages).selectinload(Passage.wordings),
            selectinload(Issue.passages).joinedload(Passage.resource),
        )
        .with_for_update(of=Issue)
        .execution_options(populate_existing=True)
    ).one()


def frame(issue: Issue) -> Frame:
    """The issue's frame as it is now."""
    return Frame(
        tuple(issue.languages),
        issue.fallback,
        tuple(passage.key for passage in issue.passages),
        frozenset(passage.key for passage in issue.passages if passage.every_month),
        frozenset((passage.key, passage.picture.name) for passage in issue.passages if passage.picture),
    )


def record_text(
    session: Session,
    issue: Issue,
    key: str,
    language: str,
    fields: Mapping[str, str],
    *,
    by: str,
    now: datetime,
    what: str = TEXT,
) -> None:
    """Add to the history that, in the issue's revision, a passage's wording is now `fields` (or approved as such)."""
    session.add(
        Edit(
            issue_id=issue.id,
            revision=issue.revision,
            what=what,
            passage_key=key,
            language=language,
            fields=dict(fields),
            by=by,
            at=now,
        )
    )


def record_frame(session: Session, issue: Issue, *, by: str, now: datetime) -> None:
    """Add to the history what the issue's frame is in its revision."""
    languages, fallback, order, every_month, pictures = frame(issue)
    fields = {
        "order": "\n".join(order),
        "every_month": "\n".join(sorted(every_month)),
        "languages": "\n".join(languages),
        "missing": fallback.value,
        "pictures": "\n".join(f"{key} {name}" for key, name in sorted(pictures)),
    }
    session.add(Edit(issue_id=issue.id, revision=issue.revision, what=ORDER, fields=fields, by=by, at=now))


def history(session: Session, issue: Issue, key: str, language: str) -> list[Edit]:
    """Every edit of one passage in one language, oldest first."""
    return _edits(session, issue, Edit.passage_key == key, Edit.language == language)


def fields_at(session: Session, issue: Issue, key: str, language: str, revision: int) -> dict[str, str]:
    """What a passage said in `language` at `revision`; no fields where it did not exist."""
    for edit in reversed(history(session, issue, key, language)):
        if edit.revision <= revision and edit.what in (TEXT, SMALL_EDIT):
            return edit.fields
    return {}


def approved_at(session: Session, issue: Issue, key: str, language: str, revision: int) -> bool:
    """Whether a passage was approved in `language` at `revision`, and its source text had not changed since."""
    edits = [edit for edit in history(session, issue, key, language) if edit.revision <= revision]
    if not edits or edits[-1].what != APPROVAL:
        return False
    source = [] if language == issue.source_language else history(session, issue, key, issue.source_language)
    return not any(edits[-1].id < edit.id and edit.revision <= revision and edit.what == TEXT for edit in source)


def frame_edits(session: Session, issue: Issue) -> list[Edit]:
    """Every change of the issue's frame, oldest first."""
    return _edits(session, issue, Edit.what == ORDER)


def frame_at(session: Session, issue: Issue, revision: int) -> Frame:
    """The issue's frame at `revision`; as it is now where nothing is known of an earlier one."""
    for edit in reversed(frame_edits(session, issue)):
        if edit.revision <= revision:
            return frame_of(edit)
    return frame(issue)


def frame_of(edit: Edit) -> Frame:
    """The frame that a line of the history holds."""
    pictures = edit.fields.get("pictures", "").split()  # older lines know of none
    return Frame(
        tuple(edit.fields["languages"].split()),
        Fallback(edit.fields["missing"]),
        tuple(edit.fields["order"].split()),
        frozenset(edit.fields["every_month"].split()),
        frozenset(zip(pictures[::2], pictures[1::2], strict=True)),
    )


def _edits(session: Session, issue: Issue, *conditions: ColumnElement[bool]) -> list[Edit]:
    session.flush()
    return list(session.scalars(select(Edit).where(Edit.issue_id == issue.id, *conditions).order_by(Edit.id)))
