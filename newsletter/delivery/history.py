"""What happened to one person: the mailings they were counted in, and every try with the server's answer."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from issues.models import Edition, Issue
from newsletter.delivery.models import Attempt, Delivery, Mailing, State


@dataclass(frozen=True)
class Try:
    """One try to deliver."""

    at: datetime
    code: int | None
    """The server's reply code; nothing where no answer came."""
    words: str
    """The server's, without addresses; forgotten after a while."""


@dataclass(frozen=True)
class Event:
    """What became of one mailing for this person."""

    mailing: int
    issue: str
    zone: str
    """In which the mailing's times are shown."""
    language: str
    state: State
    reason: str
    """Of a no or a skip."""
    retry_at: datetime | None
    tries: list[Try] = field(default_factory=list)


def history(session: Session, subscriber: int) -> list[Event]:
    """Each mailing of this person that is remembered, the newest first, with its tries in their order."""
    rows = session.execute(
        select(
            Delivery.id,
            Mailing.id,
            Issue.slug,
            Mailing.zone,
            Edition.language,
            Delivery.state,
            Delivery.reason,
            Delivery.retry_at,
        )
        .join(Mailing, Mailing.id == Delivery.mailing_id)
        .join(Issue, Issue.id == Mailing.issue_id)
        .join(Edition, Edition.id == Delivery.edition_id)
        .where(Delivery.subscriber_id == subscriber)
        .order_by(Mailing.id.desc())
    )
    events = {row[0]: Event(*row[1:]) for row in rows}
    tries = session.execute(
        select(Attempt.delivery_id, Attempt.started_at, Attempt.code, Attempt.text)
        .where(Attempt.delivery_id.in_(events))
        .order_by(Attempt.id)
    )
    for delivery, at, code, words in tries:
        events[delivery].tries.append(Try(at, code, words))
    return list(events.values())
