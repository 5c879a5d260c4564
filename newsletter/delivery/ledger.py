"""The books: every move of a delivery from one state to another is made here, and is durable when it returns.

The order that the promise rests on (docs/sending.md): claimed > "attempting" > the final dot > the reply.
A process that dies leaves its claims, which go back, and its attempts, which are in doubt.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, insert, or_, select, update
from sqlalchemy.orm import Session

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

LONGEST_WAIT = timedelta(hours=1)
"""Between two tries; they begin a minute apart, and each wait is twice the last."""

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

    def __init__(self, lease: Lease, mailing: int, deadline: datetime, clock: Callable[[], datetime]) -> None:
        self._connection = lease.connection
        self._generation = lease.generation
        self._mailing = mailing
        self._deadline = deadline
        self._clock = clock
        self._tries: dict[int, int] = {}
        """Of everything claimed here and not answered for."""
        self._attempts: dict[int, int] = {}
        """The open attempt of everything that departed."""

    def claim(self, most: int) -> list[Claim]:
        """Up to `most` people who are due, none where nobody is; those who left meanwhile are skipped here already."""
        claims: list[Claim] = []
        while not claims:
            with self._connection.begin():
                ids = self._claim_due(most)
                if not ids:
                    return []
                claims = self._look_up(ids)
                self._move(State.CLAIMED, State.SKIPPED, _among(ids - {c.delivery for c in claims}), reason=LEFT)
        self._tries |= {claim.delivery: claim.tries for claim in claims}
        return claims

    def barrier(self, replies: Sequence[Reply], departing: Sequence[int]) -> frozenset[int]:
        """Record the replies and mark who departs, in one durable step. Returns those who may depart."""
        with self._connection.begin():
            sending = self._is_sending()
            for reply in replies:
                self._record(reply)
            leaving = self._depart(frozenset(departing), sending)
            attempts = {delivery: self._begin_attempt(delivery) for delivery in sorted(leaving)}
            if not sending:
                self._connection.execute(skip_cancelled())
        for reply in replies:
            self._attempts.pop(reply.delivery, None)
            self._tries.pop(reply.delivery, None)
        for stays in frozenset(departing) - leaving:
            self._tries.pop(stays, None)
        self._attempts |= attempts
        return leaving

    def give_up(self, delivery: int, reason: str) -> None:
        """This person cannot be written to at all: say why."""
        with self._connection.begin():
            self._move(State.CLAIMED, State.GIVEN_UP, _among([delivery]), reason=reason)
        self._tries.pop(delivery, None)

    def give_back(self) -> None:
        """Return what was claimed and never departed; what departed and was never answered for is in doubt."""
        with self._connection.begin():
            settle(self._connection, self._generation)
        self._tries.clear()
        self._attempts.clear()

    def finish(self) -> bool:
        """Close the mailing when nobody is left to write to; whether it is closed now."""
        unsettled = exists().where(Delivery.mailing_id == Mailing.id, Delivery.state.in_(UNSETTLED))
        done = update(Mailing).where(
            Mailing.id == self._mailing, Mailing.state == MailingState.SENDING, ~unsettled.correlate(Mailing)
        )
        with self._connection.begin():
            # Locked before it is counted: doubts may be on their way back into the mailing.
            self._connection.execute(select(Mailing.id).where(Mailing.id == self._mailing).with_for_update())
            values = {"state": MailingState.FINISHED, "finished_at": self._clock(), "note": ""}
            return self._connection.execute(done.values(values)).rowcount == 1

    def _claim_due(self, most: int) -> set[int]:
        due = or_(Delivery.retry_at.is_(None), Delivery.retry_at <= self._clock())
        sending = exists().where(Mailing.id == self._mailing, Mailing.state == MailingState.SENDING)
        waiting = (
            select(Delivery.id)
            .where(Delivery.mailing_id == self._mailing, Delivery.state == State.PENDING, due, sending)
            .order_by(Delivery.id)
            .limit(most)
            .with_for_update(skip_locked=True, of=Delivery)
            .cte("waiting")
        )
        among = Delivery.id.in_(select(waiting.c.id))
        return move(self._connection, State.PENDING, State.CLAIMED, among, generation_id=self._generation)

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

    def _is_sending(self) -> bool:
        """Whether the mailing goes on; nobody can pause or cancel it before the commit."""
        state = select(Mailing.state).where(Mailing.id == self._mailing).with_for_update(read=True)
        return self._connection.scalar(state) is MailingState.SENDING

    def _depart(self, ids: frozenset[int], sending: bool) -> frozenset[int]:
        """Suppression is asked in the very statement that writes "attempting": nobody slips between the two."""
        reachable = exists().where(Subscriber.id == Delivery.subscriber_id, is_reachable()).correlate(Delivery)
        leaving: set[int] = set()
        if sending and ids:
            leaving = self._move(State.CLAIMED, State.ATTEMPTING, _among(ids), reachable, tries=Delivery.tries + 1)
        if staying := ids - leaving:
            self._move(State.CLAIMED, State.SKIPPED, _among(staying), ~reachable, reason=LEFT)
            self._move(State.CLAIMED, State.PENDING, _among(staying))
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
        )

    def _move(self, before: State, after: State, *which: ColumnElement[bool], **values: Any) -> set[int]:
        """Moves what this generation holds in this mailing."""
        mine = and_(Delivery.mailing_id == self._mailing, Delivery.generation_id == self._generation)
        return move(self._connection, before, after, mine, *which, **values)


def verdict(reply: Reply, tries: int, now: datetime, deadline: datetime) -> tuple[State, datetime | None]:
    """What a reply makes of a delivery after so many tries, and when to try again."""
    if reply.accepted:
        return State.ACCEPTED, None
    if reply.refused:
        return State.REFUSED, None
    if reply.code is None and reply.complete:
        return State.IN_DOUBT, None  # RFC 1047: the mail may have arrived; sending again is a person's decision
    retry_at = now + min(timedelta(minutes=2 ** min(tries - 1, 10)), LONGEST_WAIT)
    if retry_at > deadline:
        return State.GIVEN_UP, None
    return State.PENDING, retry_at


def move(
    books: Connection | Session, before: State, after: State, *which: ColumnElement[bool], **values: Any
) -> set[int]:
    """The one statement that changes a state: compare and set. Returns the deliveries it moved."""
    if after not in MOVES[before]:
        raise ValueError(f"a delivery that is {before} cannot become {after}")
    holder = {} if after in (State.CLAIMED, State.ATTEMPTING) else {"generation_id": None}
    statement = update(Delivery).where(Delivery.state == before, *which).values(state=after, **holder, **values)
    return set(books.scalars(statement.returning(Delivery.id)))


def bury_the_dead(lease: Lease, now: datetime) -> None:
    """Settle what processes that died had in hand: claims go back, attempts are in doubt."""
    for dead in lease.others_that_died():
        with lease.connection.begin():
            if generation.end(lease.connection, dead, now):
                settle(lease.connection, dead)


def settle(connection: Connection, number: int) -> None:
    """Put down what a generation has in hand, inside the caller's transaction."""
    held = Delivery.generation_id == number
    # Nobody may cancel these mailings before the claims are back, or they would wait in them for ever.
    mailings = select(Mailing.id).where(Mailing.id.in_(select(Delivery.mailing_id).where(held)))
    connection.execute(mailings.with_for_update(read=True))
    move(connection, State.CLAIMED, State.PENDING, held)
    move(connection, State.ATTEMPTING, State.IN_DOUBT, held, reason=UNANSWERED)
    connection.execute(skip_cancelled())


def skip_cancelled() -> Any:
    """The statement that skips whoever still waits in a mailing that was cancelled."""
    cancelled = select(Mailing.id).where(Mailing.state == MailingState.CANCELLED)
    waiting = and_(Delivery.mailing_id.in_(cancelled), Delivery.state == State.PENDING)
    return update(Delivery).where(waiting).values(state=State.SKIPPED, reason=CANCELLED)


def _among(ids: Iterable[int]) -> ColumnElement[bool]:
    return Delivery.id.in_(list(ids))
