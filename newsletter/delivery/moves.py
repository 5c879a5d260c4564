"""What state of a delivery may become what, and the one statement that changes it."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Update, exists, update
from sqlalchemy.orm import Session

from newsletter.delivery.models import Delivery, State
from subscribers.audience import is_reachable
from subscribers.models import Subscriber

MOVES: dict[State, frozenset[State]] = {
    State.PENDING: frozenset({State.CLAIMED, State.SKIPPED}),
    State.CLAIMED: frozenset(
        {State.PENDING, State.ATTEMPTING, State.REFUSED, State.GIVEN_UP, State.SKIPPED, State.ACCEPTED}
    ),  # the last where the daybook says that they departed
    State.ATTEMPTING: frozenset({State.ACCEPTED, State.REFUSED, State.GIVEN_UP, State.PENDING, State.IN_DOUBT}),
    # The first only when a person says: send again; the others when a witness knows (see `witnessing`).
    State.IN_DOUBT: frozenset({State.PENDING, State.ACCEPTED, State.REFUSED}),
    State.REFUSED: frozenset({State.PENDING}),  # only where the brake finds that it was about us (see `brake`)
    State.GIVEN_UP: frozenset({State.PENDING}),  # only when a person says: try again
}
"""What may become what. Everything else is an outcome and stays."""


def move(
    books: Connection | Session, before: State, after: State, *which: ColumnElement[bool], **values: Any
) -> set[int]:
    """Move at once what is `before`; returns the deliveries it moved."""
    return set(books.scalars(moving(before, after, *which).values(**values).returning(Delivery.id)))


def moving(before: State, after: State, *which: ColumnElement[bool]) -> Update:
    """The one statement that changes a state: compare and set."""
    if after not in MOVES[before]:
        raise ValueError(f"a delivery that is {before} cannot become {after}")
    holder = {} if after in (State.CLAIMED, State.ATTEMPTING) else {"generation_id": None}
    return update(Delivery).where(Delivery.state == before, *which).values(state=after, **holder)


def is_still_reachable() -> ColumnElement[bool]:
    """A condition over `Delivery`: its person may be written to now."""
    return exists().where(Subscriber.id == Delivery.subscriber_id, is_reachable()).correlate(Delivery)
