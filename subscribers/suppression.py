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


def take_back(books: Session | Connection, people: Select[int | None]) -> bool:
    """Write to these people (a select of numbers) again, whose addresses bounced; whether any had."""
    theirs = select(Subscriber.address_hash).where(Subscriber.id.in_(people))
    gone = delete(Suppression).where(Suppression.address_hash.in_(theirs), Suppression.reason == BOUNCED)
    return bool(books.execute(gone.returning(Suppression.day)).all())


def lift(session: Session, subscriber_id: int) -> bool:
    """Write to this person again, whose address bounced; whether it had."""
    return take_back(session, select(Subscriber.id).where(Subscriber.id == subscriber_id))
