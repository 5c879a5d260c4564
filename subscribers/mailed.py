"""How often an address may be sent a mail because somebody typed it into a form: a stranger must not fill a mailbox."""

import enum
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from subscribers.inserting import insert_new
from subscribers.models import MailedDay


class Kind(enum.StrEnum):
    """Which form."""

    SIGN_UP = "sign_up"
    PREFERENCES = "preferences"
    CHANGE_OLD = "change_old"
    CHANGE_NEW = "change_new"


MOST = {Kind.SIGN_UP: 3, Kind.PREFERENCES: 6, Kind.CHANGE_NEW: 3}
"""Mails to one mailbox within WITHIN, and never two on one day. CHANGE_OLD has no bound of its own: who asks for it has
a link from that very mailbox."""
WITHIN = timedelta(days=30)


def may_mail(session: Session, address_hash: bytes, kind: Kind, day: date) -> bool:
    """Whether this address, or the mailbox of this hash, may be sent one more on this day (UTC); then it counts."""
    lately = (MailedDay.address_hash == address_hash, MailedDay.kind == kind, MailedDay.day > day - WITHIN)
    if session.scalars(select(func.count()).select_from(MailedDay).where(*lately)).one() >= MOST[kind]:
        return False
    row = insert_new(session, MailedDay).values(address_hash=address_hash, kind=kind.value, day=day)
    return session.scalar(row.returning(MailedDay.day)) is not None


def forgotten_on(now: datetime) -> date:
    """The last day that is of no use any more."""
    return now.date() - WITHIN
