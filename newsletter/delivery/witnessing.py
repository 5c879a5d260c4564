"""Doubts settled by what a way out knows: some providers can be asked afterwards (`newsletter.mail.Witness`).

What they know is a proof; what they do not know is none, so that nothing is ever sent again because of it. Who is still
in doubt after a day is for a person to decide.
"""

from datetime import datetime, timedelta
from threading import Event

import structlog
from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from newsletter.delivery.account import BY_EVENTS, IS_OPEN_DOUBT
from newsletter.delivery.models import Attempt, Delivery, Mailing, State
from newsletter.delivery.moves import move
from newsletter.delivery.sender import Office
from newsletter.mail import Testimony, Transport, Witness

SOON = timedelta(minutes=2)
"""What happened a moment ago is often not known yet."""
TOO_LATE = timedelta(days=1)
"""What is not known by then will never be: some accounts keep their events for no longer."""

log = structlog.get_logger()


def ask(office: Office, transport: Transport, stopping: Event) -> int:
    """Ask about everyone in doubt, where the transport can be asked; returns how many doubts that settled.

    Raises SendError where it does not answer; what it said until then is kept.
    """
    if not isinstance(transport, Witness):
        return 0
    with office.database.read() as session:
        doubts = _open_doubts(session, office.clock())
    marks = {f"{office.vault.row_mark('delivery', number)}@{office.letterhead.domain}": number for number in doubts}
    left = {message_id: doubts[number] for message_id, number in marks.items()}
    settled = 0
    for message_id, testimony in transport.testify(left) if left else ():
        settled += _settle(office, marks[message_id], testimony)
        if stopping.is_set():
            break
    if settled:
        log.info("doubts settled", by="events", settled=settled, asked=len(left))
    return settled


def _open_doubts(session: Session, now: datetime) -> dict[int, datetime]:
    """The deliveries in doubt that may be asked about, and when each left."""
    lately = or_(Mailing.finished_at.is_(None), Mailing.finished_at > now - TOO_LATE)
    mailings = select(Mailing.id).where(Mailing.opened_at.is_not(None), lately)
    left_at = func.max(Attempt.started_at)
    rows = session.execute(
        select(Delivery.id, left_at)
        .join(Attempt, Attempt.delivery_id == Delivery.id)
        .where(Delivery.mailing_id.in_(mailings), IS_OPEN_DOUBT)
        .group_by(Delivery.id)
        .having(left_at.between(now - TOO_LATE, now - SOON))
    )
    return dict(rows.all())


def _settle(office: Office, number: int, testimony: Testimony) -> bool:
    """Whether it settled the doubt: a person may have done so meanwhile."""
    after, code = (State.ACCEPTED, 250) if testimony.taken else (State.REFUSED, 550)
    newest = select(func.max(Attempt.id)).where(Attempt.delivery_id == number).scalar_subquery()
    answer = {
        "code": code,
        "text": func.ltrim(Attempt.text + f"; {testimony.text}", "; "),
        "ended_at": func.coalesce(Attempt.ended_at, office.clock()),
    }
    with office.database.write() as session:
        values = {"settled": BY_EVENTS, "reason": "" if testimony.taken else testimony.text}
        if not move(session, State.IN_DOUBT, after, Delivery.id == number, IS_OPEN_DOUBT, **values):
            return False
        session.execute(update(Attempt).where(Attempt.id == newest).values(answer))
    return True
