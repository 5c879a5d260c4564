"""What a person may do to a mailing. The commands and the desk call these; each says in one sentence why not."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from newsletter.delivery.account import open_doubts
from newsletter.delivery.ledger import move, skip_cancelled
from newsletter.delivery.models import Delivery, Mailing, MailingState, State
from newsletter.delivery.planning import LATEST, TRYING


class MailingError(Exception):
    """One sentence: which mailing, what cannot be done to it, and what can."""

    permanent = True


def find(session: Session, mailing: int) -> Mailing:
    """The mailing of this number."""
    found = session.get(Mailing, mailing)
    if found is None:
        raise MailingError(f"There is no mailing {mailing}: `newsletter mailings list` shows those there are.")
    return found


def pause(session: Session, mailing: int, note: str = "Paused by hand.") -> None:
    """No one more departs from now on; what is on the wire ends."""
    _move(session, mailing, {MailingState.SCHEDULED, MailingState.SENDING}, MailingState.PAUSED, note)


def resume(session: Session, mailing: int, now: datetime) -> None:
    """Go on, or begin although it is late: whoever resumes has looked whether it is still true."""
    opened = find(session, mailing).opened_at is not None
    _move(
        session,
        mailing,
        {MailingState.PAUSED, MailingState.HELD},
        MailingState.SENDING if opened else MailingState.SCHEDULED,
        "",
    )
    if opened:
        session.execute(update(Mailing).where(Mailing.id == mailing).values(deadline=now + TRYING))
    else:
        beyond = update(Mailing).where(Mailing.id == mailing, Mailing.not_later_than < now + LATEST)
        session.execute(beyond.values(not_later_than=now + LATEST))


def cancel(session: Session, mailing: int, now: datetime) -> None:
    """Whoever was not written to yet is skipped. This cannot be undone."""
    stoppable = {MailingState.SCHEDULED, MailingState.HELD, MailingState.SENDING, MailingState.PAUSED}
    _move(session, mailing, stoppable, MailingState.CANCELLED, "Cancelled by hand.")
    session.execute(update(Mailing).where(Mailing.id == mailing).values(finished_at=now))
    session.execute(skip_cancelled())


def settle_doubts(session: Session, mailing: int, *, send_again: bool, now: datetime) -> int:
    """Leave everyone in doubt as they are, or write to them again; returns how many that settles."""
    find(session, mailing)
    found = session.get_one(Mailing, mailing, with_for_update=True, populate_existing=True)  # or it finishes meanwhile
    doubts = open_doubts(mailing)
    if not send_again:
        left = update(Delivery).where(doubts).values(settled="left").returning(Delivery.id)
        return len(session.scalars(left).all())
    if found.state is MailingState.CANCELLED:
        raise MailingError(f"Mailing {mailing} is cancelled, so its doubts can only be left.")
    settled = move(session, State.IN_DOUBT, State.PENDING, doubts, settled="sent again", retry_at=None)
    if settled:
        found.deadline = now + TRYING
    if settled and found.state is MailingState.FINISHED:
        found.state, found.finished_at = MailingState.SENDING, None
    return len(settled)


def _move(session: Session, mailing: int, before: set[MailingState], after: MailingState, note: str) -> None:
    moving = update(Mailing).where(Mailing.id == mailing, Mailing.state.in_(before))
    if session.execute(moving.values(state=after, note=note).returning(Mailing.id)).first() is None:
        state = session.scalar(select(Mailing.state).where(Mailing.id == find(session, mailing).id))
        raise MailingError(f"Mailing {mailing} is {state}, so it cannot become {after}.")
    session.expire_all()
