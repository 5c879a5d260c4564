"""The books: every move of a delivery from one state to another is made here, and is durable when it returns.

The order that the promise rests on (docs/sending.md): claimed > "attempting" > the final dot > the reply.
A process that dies leaves its claims, which go back, and its attempts, which are in doubt.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, insert, or_, select, update

from newsletter.delivery import generation
from newsletter.delivery.generation import Lease
from newsletter.delivery.models import UNSETTLED, Attempt, Delivery, Mailing, MailingState, State
from newsletter.mail import Reply
from subscribers.audience import is_reachable
from subscribers.models import Subscriber

MOVES: dict[State, frozenset[State]] = {
    State.PENDING: frozenset({State.CLAIMED, State.SKIPPED}),
    State.CLAIMED: frozenset({State.PENDING, State.ATTEMPTING, State.REFUSED, State.GIVEN_UP, State.SKIPPED}),
    State.ATTEMPTING: frozenset({State.ACCEPTED, State.REFUSED, State.GIVEN_UP, State.PENDING, State.IN_DOUBT}),
    State.IN_DOUBT: frozenset({State.PENDING}),  # only when a person says: send again
}
"""What may become what. Everything else is an outcome and stays."""

MOST_TRIES = 8
LONGEST = timedelta(hours=24)
"""How long after its opening a mailing goes on trying: news is stale after that."""

LEFT = "left or suppressed since the mailing began"
UNANSWERED = "the sender stopped between the last byte and the answer"
CANCELLED = "the mailing was cancelled"


@dataclass(frozen=True)
class Claim:
    """A person that this process may now write to, still sealed."""

    delivery: int
    edition: int
    tries: int
    subscriber: int
    address_hash: bytes
    sealed_address: bytes
    sealed_name: bytes | None


class Ledger:
    """The books of one mailing, written by one generation on its own connection."""

    def __init__(self, lease: Lease, mailing: int, opened_at: datetime, clock: Callable[[], datetime]) -> None:
        self._connection = lease.connection
        self._generation = lease.generation
        self._mailing = mailing
        self._deadline = opened_at + LONGEST
        self._clock = clock
        self._tries: dict[int, int] = {}
        """Of everything claimed here and not answered for."""
        self._attempts: dict[int, int] = {}
        """The open attempt of everything that departed."""

    def claim(self, most: int) -> list[Claim]:
        """Up to `most` people who are due; those who left meanwhile are skipped here already."""
        with self._connection.begin():
            ids = self._claim_due(most)
            claims = self._look_up(ids)
            self._move(State.CLAIMED, State.SKIPPED, _among(ids - {c.delivery for c in claims}), reason=LEFT)
        self._tries |= {claim.delivery: claim.tries for claim in claims}
        return claims

    def barrier(self, replies: Sequence[Reply], departing: Sequence[int]) -> frozenset[int]:
        """Record the replies and mark who departs, in one durable step. Returns those who may depart."""
        with self._connection.begin():
            for reply in replies:
                self._record(reply)
            leaving = self._depart(frozenset(departing)) if departing else frozenset()
        for reply in replies:
            self._attempts.pop(reply.delivery, None)
            self._tries.pop(reply.delivery, None)
        for stays in frozenset(departing) - leaving:
            self._tries.pop(stays, None)
        return leaving

    def give_up(self, delivery: int, reason: str) -> None:
        """This person cannot be written to at all: say why."""
        with self._connection.begin():
            self._move(State.CLAIMED, State.GIVEN_UP, _among([delivery]), reason=reason)
        self._tries.pop(delivery, None)

    def give_back(self) -> None:
        """Return what was claimed and never departed; what departed and was never answered for is in doubt."""
        with self._connection.begin():
            waiting = self._tries.keys() - self._attempts.keys()
            self._move(State.CLAIMED, State.PENDING, _among(waiting), generation_id=None)
            self._move(State.ATTEMPTING, State.IN_DOUBT, _among(self._attempts), reason=UNANSWERED, generation_id=None)
            self._connection.execute(skip_cancelled(self._mailing))
        self._tries.clear()
        self._attempts.clear()

    def finish(self) -> bool:
        """Close the mailing when nobody is left to write to; whether it is closed now."""
        unsettled = exists().where(Delivery.mailing_id == Mailing.id, Delivery.state.in_(UNSETTLED))
        done = update(Mailing).where(
            Mailing.id == self._mailing, Mailing.state == MailingState.SENDING, ~unsettled.correlate(Mailing)
        )
        with self._connection.begin():
            values = {"state": MailingState.FINISHED, "finished_at": self._clock(), "note": ""}
            return self._connection.execute(done.values(values)).rowcount == 1

    def _claim_due(self, most: int) -> set[int]:
        due = or_(Delivery.retry_at.is_(None), Delivery.retry_at <= self._clock())
        waiting = (
            select(Delivery.id)
            .where(Delivery.mailing_id == self._mailing, Delivery.state == State.PENDING, due, self._sending())
            .order_by(Delivery.id)
            .limit(most)
            .with_for_update(skip_locked=True, of=Delivery)
            .cte("waiting")
        )
        return self._move(
            State.PENDING, State.CLAIMED, Delivery.id.in_(select(waiting.c.id)), generation_id=self._generation
        )

    def _look_up(self, ids: Iterable[int]) -> list[Claim]:
        rows = self._connection.execute(
            select(
                Delivery.id,
                Delivery.edition_id,
                Delivery.tries,
                Subscriber.id,
                Subscriber.address_hash,
                Subscriber.sealed_address,
                Subscriber.sealed_name,
            )
            .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
            .where(_among(ids), is_reachable())
            .order_by(Delivery.id)
        )
        return [Claim(*row) for row in rows]

    def _depart(self, ids: frozenset[int]) -> frozenset[int]:
        """Suppression is asked in the very statement that writes "attempting": nobody slips between the two."""
        reachable = exists().where(Subscriber.id == Delivery.subscriber_id, is_reachable()).correlate(Delivery)
        leaving = self._move(
            State.CLAIMED, State.ATTEMPTING, _among(ids), reachable, self._sending(), tries=Delivery.tries + 1
        )
        staying = ids - leaving
        if staying:
            self._move(State.CLAIMED, State.SKIPPED, _among(staying), ~reachable, reason=LEFT)
            self._move(State.CLAIMED, State.PENDING, _among(staying), generation_id=None)
            self._connection.execute(skip_cancelled(self._mailing))
        for delivery in sorted(leaving):
            self._attempts[delivery] = self._begin_attempt(delivery)
        return frozenset(leaving)

    def _begin_attempt(self, delivery: int) -> int:
        row = insert(Attempt).values(
            delivery_id=delivery, generation_id=self._generation, started_at=self._clock(), text=""
        )
        return self._connection.execute(row.returning(Attempt.id)).scalar_one()

    def _record(self, reply: Reply) -> None:
        departed = reply.delivery in self._attempts
        attempt = self._attempts[reply.delivery] if departed else self._begin_attempt(reply.delivery)
        now = self._clock()
        self._connection.execute(
            update(Attempt).where(Attempt.id == attempt).values(ended_at=now, code=reply.code, text=reply.text)
        )
        tries = self._tries[reply.delivery] + 1
        state, retry_at = verdict(reply, tries, now, self._deadline)
        self._move(
            State.ATTEMPTING if departed else State.CLAIMED,
            state,
            _among([reply.delivery]),
            tries=tries,
            retry_at=retry_at,
            reason="" if state is State.ACCEPTED else reply.text,
            generation_id=None,
        )

    def _move(self, before: State, after: State, *which: ColumnElement[bool], **values: Any) -> set[int]:
        """The one statement that changes a state: compare and set. Returns the deliveries it moved."""
        if after not in MOVES[before]:
            raise ValueError(f"a delivery that is {before} cannot become {after}")
        mine = Delivery.generation_id == self._generation if before is not State.PENDING else ~Delivery.id.is_(None)
        statement = (
            update(Delivery)
            .where(Delivery.mailing_id == self._mailing, Delivery.state == before, mine, *which)
            .values(state=after, **values)
            .returning(Delivery.id)
        )
        return set(self._connection.scalars(statement))

    def _sending(self) -> ColumnElement[bool]:
        return exists().where(Mailing.id == self._mailing, Mailing.state == MailingState.SENDING)


def verdict(reply: Reply, tries: int, now: datetime, deadline: datetime) -> tuple[State, datetime | None]:
    """What a reply makes of a delivery after so many tries, and when to try again."""
    if reply.accepted:
        return State.ACCEPTED, None
    if reply.refused:
        return State.REFUSED, None
    if reply.code is None and reply.complete:
        return State.IN_DOUBT, None  # RFC 1047: the mail may have arrived; sending again is a person's decision
    retry_at = now + timedelta(minutes=2 ** (tries - 1))
    if tries >= MOST_TRIES or retry_at > deadline:
        return State.GIVEN_UP, None
    return State.PENDING, retry_at


def bury_the_dead(lease: Lease, now: datetime) -> None:
    """Settle what processes that died had in hand: claims go back, attempts are in doubt."""
    for dead in lease.others_that_died():
        with lease.connection.begin():
            if generation.end(lease.connection, dead, now):
                _settle(lease, dead)


def _settle(lease: Lease, dead: int) -> None:
    held = and_(Delivery.generation_id == dead, Delivery.state == State.CLAIMED)
    lease.connection.execute(update(Delivery).where(held).values(state=State.PENDING, generation_id=None))
    tried = and_(Delivery.generation_id == dead, Delivery.state == State.ATTEMPTING)
    doubt = {"state": State.IN_DOUBT, "generation_id": None, "reason": UNANSWERED}
    lease.connection.execute(update(Delivery).where(tried).values(doubt))


def skip_cancelled(mailing: int) -> Any:
    """The statement that skips whoever still waits in a mailing that was cancelled."""
    cancelled = exists().where(Mailing.id == mailing, Mailing.state == MailingState.CANCELLED)
    waiting = and_(Delivery.mailing_id == mailing, Delivery.state == State.PENDING, cancelled)
    return update(Delivery).where(waiting).values(state=State.SKIPPED, reason=CANCELLED)


def _among(ids: Iterable[int]) -> ColumnElement[bool]:
    return Delivery.id.in_(list(ids))
