"""What is forgotten: somebody at once; and with time first what servers said, then who was written to. The numbers of
mailings stay for good.

What time takes goes in short transactions, so that nobody waits for it, and who was killed has nothing to remember.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from newsletter.db import Database
from newsletter.delivery.models import OUTCOMES, Attempt, Delivery, Mailing, WaitingDomain
from newsletter.delivery.reasons import NOT_TAKEN, kind
from newsletter.notices.models import Notice
from subscribers.journal import Journal
from subscribers.retention import erase_address

CHUNK = 5000
"""Rows in one transaction: some ten milliseconds."""

STATUS = {
    "our own address, or our right to send": "5.1.8",
    "no such mail server": "5.1.2",
    "mailbox full": "5.2.2",
    "no such address": "5.1.1",
    "a mailbox that takes no mail, they do not say why": "5.2.0",
    "too much mail at once, or our reputation": "4.7.28",
    "turned away by a filter": "5.7.1",
    "an address with letters their server does not take": "5.6.7",
    "their server kept saying “later”": "4.0.0",
}
"""A status code (RFC 3463) for each kind of no: all that stays of a server's words."""


def erase(session: Session, journal: Journal, address_hash: bytes, now: datetime) -> bool:
    """Erase at once whoever has this address, and mails to it that wait; says whether there was anybody."""
    forget_mails(session, address_hash)
    return erase_address(session, journal, address_hash, now)


def forget_mails(session: Session, address_hash: bytes) -> None:
    """Send nothing of what waits for this address."""
    session.execute(delete(Notice).where(Notice.address_hash == address_hash))


def forget_replies(database: Database, before: datetime) -> int:
    """Forget what servers said until `before`, and say how often that was; of a no its kind stays."""
    forgotten = sum(_clear_attempts(database, before))
    for mailing in _finished(database, before):
        forgotten += sum(_shorten_reasons(database, mailing))
    with database.write() as session:  # of mailings that were paused and left so: the others' are gone already
        session.execute(delete(WaitingDomain).where(WaitingDomain.until <= before))
    return forgotten


def forget_people(database: Database, before: datetime) -> int:
    """Forget to whom mailings went that ended until `before`, and say of how many; rows and numbers stay."""
    return sum(moved for mailing in _finished(database, before) for moved in _part(database, mailing))


def _finished(database: Database, before: datetime) -> Sequence[int]:
    with database.read() as session:
        return session.scalars(select(Mailing.id).where(Mailing.finished_at <= before).order_by(Mailing.id)).all()


def _clear_attempts(database: Database, before: datetime) -> Iterator[int]:
    wordy = (Attempt.text != "") & (Attempt.started_at <= before)
    last = 0
    while True:
        with database.read() as session:
            found = select(Attempt.id).where(wordy, Attempt.id > last).order_by(Attempt.id).limit(CHUNK).subquery()
            first, last_found = session.execute(select(func.min(found.c.id), func.max(found.c.id))).one()
        if last_found is None:
            return
        last = last_found
        with database.write() as session:
            within = Attempt.id.between(first, last)
            cleared = update(Attempt).where(within, wordy).values(text="").returning(Attempt.id)
            yield len(session.scalars(cleared).all())


def _shorten_reasons(database: Database, mailing: int) -> Iterator[int]:
    long = Delivery.state.in_(NOT_TAKEN) & Delivery.reason.not_in(("", *STATUS.values()))
    while True:
        with database.write() as session:
            rows = _free(session, mailing, long)
            for number, words in rows:
                shorter = update(Delivery).where(Delivery.id == number).values(reason=STATUS.get(kind(words), ""))
                session.execute(shorter, execution_options={"synchronize_session": False})
        if not rows:
            return
        yield len(rows)


def _part(database: Database, mailing: int) -> Iterator[int]:
    settled = Delivery.subscriber_id.is_not(None) & Delivery.state.in_(OUTCOMES)
    while True:
        with database.write() as session:
            rows = _free(session, mailing, settled)
            numbers = [number for number, _ in rows]
            nobody = update(Delivery).where(Delivery.id.in_(numbers)).values(subscriber_id=None)
            session.execute(nobody, execution_options={"synchronize_session": False})
        if not rows:
            return
        yield len(rows)


def _free(session: Session, mailing: int, which: ColumnElement[bool]) -> Sequence[tuple[int, str]]:
    """Rows that nobody else holds: two who wait for each other's would never end."""
    rows = select(Delivery.id, Delivery.reason).where(Delivery.mailing_id == mailing, which).limit(CHUNK)
    return [(number, words) for number, words in session.execute(rows.with_for_update(skip_locked=True))]
