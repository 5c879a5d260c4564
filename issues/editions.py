"""Editions: an issue in one language, rendered and frozen. Only frozen editions are sent."""

import hashlib
from datetime import datetime

from sqlalchemy import event, select
from sqlalchemy.orm import Mapper, Session

from issues.models import Edition, Issue
from issues.rendering import Brand, Rendered, render


def freeze(session: Session, issue: Issue, brand: Brand, now: datetime) -> dict[str, Edition]:
    """One edition per language of the issue; what was frozen before and is the same is not made anew."""
    return {language: _frozen(session, issue, language, brand, now) for language in issue.languages}


def digest(rendered: Rendered) -> str:
    """The SHA-256, in hex, of subject, HTML and text, each behind its length."""
    state = hashlib.sha256()
    for part in (rendered.subject, rendered.html, rendered.text):
        content = part.encode()
        state.update(len(content).to_bytes(8, "big") + content)
    return state.hexdigest()


def _frozen(session: Session, issue: Issue, language: str, brand: Brand, now: datetime) -> Edition:
    rendered = render(issue, language, brand)
    same = (Edition.issue_id == issue.id, Edition.language == language, Edition.digest == digest(rendered))
    if edition := session.scalars(select(Edition).where(*same)).first():
        return edition
    edition = Edition(
        issue_id=issue.id,
        language=language,
        subject=rendered.subject,
        html=rendered.html,
        text=rendered.text,
        digest=digest(rendered),
        frozen_at=now,
    )
    session.add(edition)
    session.flush()
    return edition


@event.listens_for(Edition, "before_update")
def _never_updated(_mapper: Mapper[Edition], _connection: object, edition: Edition) -> None:
    raise TypeError(f"edition {edition.id} is frozen: freeze the issue again instead of changing it")
