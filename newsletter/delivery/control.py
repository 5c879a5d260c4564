"""What a person may do to a mailing. The commands and the desk call these; each says in one sentence why not."""

from collections.abc import Set
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.orm import Session

from newsletter.delivery import waiting
from newsletter.delivery.account import open_doubts
from newsletter.delivery.ledger import skip_cancelled
from newsletter.delivery.models import Attempt, Delivery, Mailing, MailingState, State
from newsletter.delivery.moves import is_still_reachable, move
from newsletter.delivery.planning import LATEST, TRYING

STOPPABLE = frozenset({MailingState.SCHEDULED, MailingState.HELD, MailingState.SENDING, MailingState.PAUSED})
"""What a mailing that can be cancelled is."""


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
        known = select(func.coalesce(func.max(Attempt.id), 0)).scalar_subquery()
        going_on = update(Mailing).where(Mailing.id == mailing)
        session.execute(going_on.values(deadline=now + TRYING, resumed_after=known))
        waiting.ask_again(session, mailing, now)
    else:
        beyond = update(Mailing).where(Mailing.id == mailing, Mailing.not_later_than < now + LATEST)
        session.execute(beyond.values(not_later_than=now + LATEST))


def cancel(session: Session, mailing: int, now: datetime) -> None:
    """Whoever was not written to yet is skipped. This cannot be undone."""
    _move(session, mailing, STOPPABLE, MailingState.CANCELLED, "Cancelled by hand.")
    session.execute(update(Mailing).where(Mailing.id == mailing).values(finished_at=now))
    session.execute(skip_cancelled())
    waiting.forget(session, mailing)


def settle_doubts(session: Session, mailing: int, *, send_again: bool, now: datetime) -> int:
    """Leave everyone in doubt as they are, or write to them again; returns how many that settles.

    Who may not be written to any more stays in doubt: "skipped" would say that it did not arrive, which nobody knows.
    """
    find(session, mailing)
    doubts = open_doubts(mailing)
    if not send_again:
        left = update(Delivery).where(doubts).values(settled="left").returning(Delivery.id)
        return len(session.scalars(left).all())
    reachable = and_(doubts, is_still_reachable())
    return _write_again(session, mailing, State.IN_DOUBT, reachable, now, settled="sent again")


def retry_given_up(session: Session, mailing: int, now: datetime) -> int:
    """Try those who were given up for another day, and say how many; who was forgotten since stays given up."""
    find(session, mailing)
    known = and_(Delivery.mailing_id == mailing, Delivery.subscriber_id.is_not(None))
    return _write_again(session, mailing, State.GIVEN_UP, known, now)


def _write_again(
    session: Session, mailing: int, before: State, who: ColumnElement[bool], now: datetime, **values: str
) -> int:
    """Put people back into a mailing, which goes on where it had ended; returns how many they are."""
    found = session.get_one(Mailing, mailing, with_for_update=True, populate_existing=True)  # or it finishes meanwhile
    if found.state is MailingState.CANCELLED:
        raise MailingError(f"Mailing {mailing} is cancelled, so nobody is written to again.")
    back = move(session, before, State.PENDING, who, retry_at=None, **values)
    if back:
        found.deadline = now + TRYING
    if back and found.state is MailingState.FINISHED:
        found.state, found.finished_at = MailingState.SENDING, None
    return len(back)


def _move(session: Session, mailing: int, before: Set[MailingState], after: MailingState, note: str) -> None:
    moving = update(Mailing).where(Mailing.id == mailing, Mailing.state.in_(before))
    if session.execute(moving.values(state=after, note=note).returning(Mailing.id)).first() is None:
        state = session.scalar(select(Mailing.state).where(Mailing.id == find(session, mailing).id))
        if state is after:
            raise MailingError(f"Mailing {mailing} is {state} already.")
        deed = after if after in (MailingState.PAUSED, MailingState.CANCELLED) else "resumed"
        raise MailingError(f"Mailing {mailing} is {state}, so it cannot be {deed}.")
    session.expire_all()
