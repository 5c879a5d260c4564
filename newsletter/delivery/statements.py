"""The statements that every message needs, compiled once: to build one anew costs more than to run it.

They take many rows at a time where they can: fewer steps beat quicker ones.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import zip_longest
from typing import Any, NamedTuple

from sqlalchemy import Connection, DateTime, Integer, and_, bindparam, insert, literal, select, update

from newsletter.db import Prepared, among
from newsletter.delivery.models import Attempt, Delivery, Mailing, MailingState, State
from newsletter.delivery.moves import is_still_reachable, moving
from newsletter.mail import Reply
from subscribers.audience import is_reachable
from subscribers.inserting import insert_columns
from subscribers.models import Subscriber


class Claim(NamedTuple):
    """A person that this process may now write to, still sealed."""

    delivery: int
    edition: int
    tries: int
    subscriber: int
    address_hash: bytes
    sealed_address: bytes
    sealed_name: bytes | None
    plain_text: bool
    """They want no HTML."""


class Claims:
    """Who is due in one mailing, and taken in hand by one generation; on the connection its books are written on."""

    def __init__(self, connection: Connection, mailing: int, generation: int) -> None:
        at = bindparam("at", type_=DateTime(timezone=True))
        sending = select(Mailing.id).where(Mailing.id == mailing, Mailing.state == MailingState.SENDING)

        def claiming(*due: Any) -> Any:
            """Databases do not agree whether who has no time of a try comes first: each kind is asked for apart."""
            waiting = (
                select(Delivery.id)
                .where(Delivery.mailing_id == mailing, Delivery.state == State.PENDING, *due, sending.exists())
                .order_by(Delivery.retry_at)  # as the index has them: nothing is sorted, and few rows are looked at
                .limit(bindparam("most", type_=Integer))
                .with_for_update(skip_locked=True, of=Delivery)
                .cte("waiting")
            )
            claimed = moving(State.PENDING, State.CLAIMED, Delivery.id.in_(select(waiting.c.id)))
            return claimed.values(generation_id=generation).returning(Delivery.id)

        self._claim_again = Prepared(claiming(Delivery.retry_at <= at), connection, "at", "most")
        self._claim_new = Prepared(claiming(Delivery.retry_at.is_(None)), connection, "most")
        # Whether somebody is reachable is asked as a value: as a condition it would have everyone looked at.
        person = select(Delivery.id, Delivery.edition_id, Delivery.tries, *_SEALED, is_reachable())
        person = person.outerjoin(Subscriber, Subscriber.id == Delivery.subscriber_id)
        person = person.where(among(Delivery.id, "all", connection))
        self._look_up = Prepared(person.order_by(Delivery.id), connection, "all")
        # Nobody can pause or cancel it before the commit.
        self._going_on = Prepared(sending.with_for_update(read=True), connection)

    def claim(self, most: int, now: datetime) -> set[int]:
        """Up to `most` deliveries that are due are this generation's now: half of them such as are tried again."""
        ids = {number for (number,) in self._claim_again.rows(now, (most + 1) // 2)}
        return ids | {number for (number,) in self._claim_new.rows(most - len(ids))}

    def look_up(self, ids: Iterable[int]) -> list[Claim]:
        """Those of them who can be written to now. Neither who is tried again waits for all the others, nor these."""
        claims = [Claim._make(row[:-1]) for row in self._look_up.rows(tuple(ids)) if row[-1]]
        new, again = ([claim for claim in claims if bool(claim.tries) is tried] for tried in (False, True))
        return [claim for pair in zip_longest(new, again) for claim in pair if claim]

    def is_sending(self) -> bool:
        """Whether the mailing goes on."""
        return bool(self._going_on.rows())


class Entries:
    """What one generation writes about those in its hand."""

    def __init__(self, connection: Connection, generation: int) -> None:
        at = bindparam("at", type_=DateTime(timezone=True))
        ids = among(Delivery.id, "all", connection)
        mine = and_(ids, Delivery.generation_id == generation)
        once_more = {"tries": Delivery.tries + 1}
        settled = {"reason": "", "retry_at": None}

        def moves(before: State, after: State, *which: Any, **values: Any) -> Prepared:
            return Prepared(moving(before, after, mine, *which).values(**values), connection, "all")

        self._depart = moves(State.CLAIMED, State.ATTEMPTING, is_still_reachable(), **once_more)
        departed = select(Delivery.id).where(mine, Delivery.state == State.ATTEMPTING)
        self._departed = Prepared(departed, connection, "all")
        self._accept = moves(State.ATTEMPTING, State.ACCEPTED, **settled)
        self._accept_at_once = moves(State.CLAIMED, State.ACCEPTED, **once_more, **settled)
        self._gone = moves(State.CLAIMED, State.ATTEMPTING, **once_more)
        begun = select(Delivery.id, literal(generation), at, literal("")).where(ids)
        beginning = insert(Attempt).from_select(["delivery_id", "generation_id", "started_at", "text"], begun)
        self._begin = Prepared(beginning, connection, "all", "at")
        is_open = and_(Attempt.generation_id == generation, Attempt.ended_at.is_(None))
        theirs = Attempt.delivery_id == bindparam("of", type_=Integer)
        ended: dict[str, Any] = {"ended_at": at, "code": bindparam("answer"), "text": bindparam("words")}
        ending = update(Attempt).where(theirs, is_open).values(ended)
        self._end = Prepared(ending, connection, "of", "at", "answer", "words")
        kind = Attempt.started_at.type.dialect_impl(connection.dialect)
        write = kind.bind_processor(connection.dialect) or (lambda moment: moment)
        self._written = lru_cache(4)(write)  # many share a moment
        self._connection, self._generation = connection, generation

    def depart(self, ids: frozenset[int]) -> frozenset[int]:
        """Suppression is asked in the very statement that writes "attempting": nobody slips between the two."""
        if self._depart.run([(tuple(ids),)]) == len(ids):
            return ids
        return frozenset(number for (number,) in self._departed.rows(tuple(ids)))

    def begin_attempts(self, ids: Iterable[int], at: datetime) -> None:
        """Before the server can have the message."""
        self._begin.run([(every, at) for every in [tuple(ids)] if every])

    def end_attempts(self, replies: Sequence[Reply], at: datetime) -> None:
        """With what the server said."""
        self._end.run([(reply.delivery, at, reply.code, reply.text) for reply in replies])

    def accept(self, ids: Iterable[int]) -> None:
        """What most replies make of what departed."""
        self._accept.run([(every,) for every in [tuple(ids)] if every])

    def accept_at_once(self, answered: Sequence[tuple[Reply, datetime, datetime]]) -> None:
        """Who departed at one moment and was accepted at another, as the daybook says: their attempts, and they."""
        ids = tuple(reply.delivery for reply, *_ in answered)
        columns = {
            "delivery_id": ids,
            "generation_id": (self._generation,) * len(ids),
            "started_at": [self._written(since) for _, since, _ in answered],
            "ended_at": [self._written(at) for *_, at in answered],
            "code": [reply.code for reply, *_ in answered],
            "text": [reply.text for reply, *_ in answered],
        }
        insert_columns(self._connection, Attempt, columns)
        self._accept_at_once.run([(ids,)] if ids else [])

    def gone(self, ids: Iterable[int], at: datetime) -> None:
        """Who departed then, as the daybook says, whatever became of them since."""
        self._gone.run([(tuple(ids),)])
        self.begin_attempts(ids, at)


_SEALED = (
    Subscriber.id,
    Subscriber.address_hash,
    Subscriber.sealed_address,
    Subscriber.sealed_name,
    Subscriber.plain_text,
)
