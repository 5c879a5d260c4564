"""The list of issues: what went out is a line; only what is still being made has its texts counted."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from issues.matrix import CellState, matrix
from issues.models import Issue, Passage, PassageKind, Wording
from newsletter.delivery import planning
from newsletter.delivery.models import Mailing, MailingState
from newsletter.web import issue_view


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
    numbers = [issue.id for issue in issues]
    mailings = _mailings(session, numbers)
    titles = _titles(session, issues)
    return [
        _counted(session, issue, titles.get(issue.id) or f"{issue.month:%B %Y}", mailings.get(issue.id))
        for issue in issues
    ]


def _mailings(session: Session, issues: list[int]) -> dict[int, Mailing]:
    rows = select(Mailing).where(Mailing.issue_id.in_(issues), planning.COUNTS)
    return {mailing.issue_id: mailing for mailing in session.scalars(rows.order_by(Mailing.id))}


def _titles(session: Session, issues: Sequence[Issue]) -> dict[int, str]:
    """The headline of each issue in its source language."""
    sources = {issue.id: issue.source_language for issue in issues}
    rows = select(Passage.issue_id, Wording.language, Wording.fields).join(Wording.passage)
    found = session.execute(rows.where(Passage.issue_id.in_(sources), Passage.kind == PassageKind.OPENING))
    return {number: fields.get("title", "") for number, language, fields in found if language == sources[number]}


def _counted(session: Session, issue: Issue, title: str, mailing: Mailing | None) -> Listed:
    if mailing and mailing.state is MailingState.FINISHED:
        return Listed(issue, title, mailing)
    rows = matrix(issue_view.load(session, issue.slug))
    approved = {tag: sum(row.states[tag] is CellState.APPROVED for row in rows) for tag in issue.languages}
    return Listed(issue, title, mailing, len(rows), approved)
