"""Addresses that nobody is at, as mail servers say: neither mailings nor imports reach them until somebody lifts it."""

from datetime import date

from sqlalchemy import Connection, Select, delete, literal, select
from sqlalchemy.orm import Session

from subscribers.inserting import insert_new
from subscribers.models import Subscriber, Suppression

BOUNCED = "bounced"


def bounced(books: Session | Connection, people: Select[int | None], day: date) -> None:
    """Suppress the addresses of these people (a select of numbers); who is suppressed stays so, for that reason."""
    rows = (
        select(Subscriber.address_hash, literal(BOUNCED), literal(day, Suppression.day.type))
        .where(Subscriber.id.in_(people))
        .order_by(Subscriber.address_hash)  # in one order: no two processes wait for each other
    )
    books.execute(insert_new(books, Suppression).from_select(["address_hash", "reason", "day"], rows))


def take_back(books: Session | Connection, people: Select[int | None]) -> None:
    """What servers said of these people (a select of numbers) was not about them: write to them as before."""
    theirs = select(Subscriber.address_hash).where(Subscriber.id.in_(people))
    books.execute(delete(Suppression).where(Suppression.address_hash.in_(theirs), Suppression.reason == BOUNCED))


def lift(session: Session, subscriber_id: int) -> bool:
    """Write to this person again, whose address bounced; whether it had."""
    theirs = select(Subscriber.address_hash).where(Subscriber.id == subscriber_id).scalar_subquery()
    gone = delete(Suppression).where(Suppression.address_hash == theirs, Suppression.reason == BOUNCED)
    return session.scalar(gone.returning(Suppression.day)) is not None
