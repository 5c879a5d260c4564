"""Addresses that nobody is at, as mail servers say: neither mailings nor imports reach them until somebody lifts it."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection, Select, delete, literal, select
from sqlalchemy.orm import Session

from subscribers.inserting import insert_new
from subscribers.models import State, Subscriber, Suppression
from subscribers.roll import BOUNCED

NOBODY_THERE = (BOUNCED, "imported bounced")
"""The reasons that say so: a server told us, or the program that a list came from."""


def bounced(books: Session | Connection, people: Select[int | None], day: date) -> None:
    """Suppress the addresses of these people (a select of numbers); who is suppressed stays so, for that reason."""
    rows = (
        select(Subscriber.address_hash, literal(BOUNCED), literal(day, Suppression.day.type))
        .where(Subscriber.id.in_(people))
        .order_by(Subscriber.address_hash)  # in one order: no two processes wait for each other
    )
    books.execute(insert_new(books, Suppression).from_select(["address_hash", "reason", "day"], rows))


def take_back(books: Session | Connection, people: Select[int | None]) -> None:
    """Write to these people (a select of numbers) again, whose addresses bounced here; not to who left since."""
    _lift(books, people, [BOUNCED])


def lift(session: Session, subscriber_id: int) -> bool:
    """Write to this person again, whose address bounced, wherever that was; whether it had. Not where they left since:
    then what is said of the address is all that keeps an import from bringing them back."""
    return _lift(session, select(Subscriber.id).where(Subscriber.id == subscriber_id), NOBODY_THERE)


def _lift(books: Session | Connection, people: Select[int | None], reasons: Sequence[str]) -> bool:
    theirs = select(Subscriber.address_hash).where(Subscriber.id.in_(people), Subscriber.state != State.LEFT)
    gone = delete(Suppression).where(Suppression.address_hash.in_(theirs), Suppression.reason.in_(reasons))
    return bool(books.execute(gone.returning(Suppression.day)).all())
