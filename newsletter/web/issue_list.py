"""The list of issues: what went out is a line; only what is still being made has its texts counted."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from issues.matrix import CellState, matrix
from issues.models import Issue, Passage, PassageKind, Wording
from newsletter.delivery import planning
from newsletter.delivery.models import Mailing, MailingState


@dataclass(frozen=True)
class Listed:
    """One issue in the list."""

    issue: Issue
    title: str
    mailing: Mailing | None
    total: int = 0
    approved: dict[str, int] = field(default_factory=dict)
    """Approved texts by language; empty for what went out."""


def listed(session: Session, issues: Sequence[Issue]) -> list[Listed]:
    """The issues with their headlines and mailings, in as many queries however many there are."""
    mailings = _mailings(session, [issue.id for issue in issues])
    titles = _titles(session, issues)
    done = {number for number, mailing in mailings.items() if mailing.state is MailingState.FINISHED}
    _load_texts(session, [issue.id for issue in issues if issue.id not in done])
    return [
        _line(
            issue, titles.get(issue.id) or f"{issue.month:%B %Y}", mailings.get(issue.id), counts=issue.id not in done
        )
        for issue in issues
    ]


def next_missing(session: Session, today: date) -> date:
    """The first month from this one on that has no issue."""
    month = today.replace(day=1)
    taken = {each.replace(day=1) for each in session.scalars(select(Issue.month).where(Issue.month >= month))}
    while month in taken:
        month = (month + timedelta(days=31)).replace(day=1)
    return month


def _mailings(session: Session, issues: list[int]) -> dict[int, Mailing]:
    rows = select(Mailing).where(Mailing.issue_id.in_(issues), planning.COUNTS)
    return {mailing.issue_id: mailing for mailing in session.scalars(rows.order_by(Mailing.id))}


def _titles(session: Session, issues: Sequence[Issue]) -> dict[int, str]:
    """The headline of each issue in its source language."""
    sources = {issue.id: issue.source_language for issue in issues}
    rows = select(Passage.issue_id, Wording.language, Wording.fields).join(Wording.passage)
    found = session.execute(rows.where(Passage.issue_id.in_(sources), Passage.kind == PassageKind.OPENING))
    return {number: fields.get("title", "") for number, language, fields in found if language == sources[number]}


def _load_texts(session: Session, issues: Sequence[int]) -> None:
    """The passages and wordings of all these issues at once; the session keeps them for who asks."""
    rows = (
        select(Issue).where(Issue.id.in_(issues)).options(selectinload(Issue.passages).selectinload(Passage.wordings))
    )
    session.scalars(rows.execution_options(populate_existing=True)).all()


def _line(issue: Issue, title: str, mailing: Mailing | None, *, counts: bool) -> Listed:
    rows = matrix(issue) if counts else []
    approved = {tag: sum(row.states[tag] is CellState.APPROVED for row in rows) for tag in issue.languages}
    return Listed(issue, title, mailing, len(rows), approved if counts else {})
