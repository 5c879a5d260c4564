"""Somebody's word, by name, that an issue may go although a check blocks it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from issues.checks import CHECKS
from issues.errors import NotFound
from issues.findings import Finding
from issues.models import Issue, Waiver


def waive(
    session: Session, issue: Issue, check: str, language: str, *, by: str, now: datetime, reason: str | None = None
) -> Waiver:
    """Let the issue go in spite of `check`, in one language or (empty) in all. Waiving twice keeps the first word.

    Raises NotFound where there is no such check, or the issue is not in that language.
    """
    if check not in CHECKS:
        raise NotFound(f"there is no check {check[:40]!r}; the checks are {', '.join(CHECKS)}")
    if language and language not in issue.languages:
        raise NotFound(f"issue {issue.slug} is not in {language}; its languages are {', '.join(issue.languages)}")
    for waiver in waivers(session, issue):
        if (waiver.check, waiver.language) == (check, language):
            return waiver
    waiver = Waiver(issue_id=issue.id, check=check, language=language, by=by, at=now, reason=reason or None)
    session.add(waiver)
    session.flush()
    return waiver


def take_back(session: Session, issue: Issue, check: str, language: str) -> None:
    """The check counts again, in the language (empty: in all) that it was waived for."""
    for waiver in waivers(session, issue):
        if (waiver.check, waiver.language) == (check, language):
            session.delete(waiver)
    session.flush()


def waivers(session: Session, issue: Issue) -> list[Waiver]:
    """Every waiver of the issue, oldest first."""
    return list(session.scalars(select(Waiver).where(Waiver.issue_id == issue.id).order_by(Waiver.id)))


def open_findings(issue: Issue, findings: Iterable[Finding], waivers: Iterable[Waiver]) -> list[Finding]:
    """The findings again; one that the issue's waivers cover blocks no longer, and says who waived it."""
    words = [waiver for waiver in waivers if waiver.issue_id == issue.id]
    return [_weighed(finding, words) for finding in findings]


def _weighed(finding: Finding, waivers: list[Waiver]) -> Finding:
    for waiver in waivers:
        if finding.blocks and waiver.check == finding.check and waiver.language in ("", finding.language):
            return replace(finding, blocks=False, what=f"{finding.what} (waived by {waiver.by})")
    return finding
