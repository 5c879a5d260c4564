"""The books: every move of a delivery from one state to another is made here, and is durable when it returns.

The order that the promise rests on (docs/sending.md): claimed > "attempting" > the final dot > the reply.
A process that dies leaves its claims, which go back, and its attempts, which are in doubt.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Update,
    and_,
    bindparam,
    exists,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from newsletter.db import Prepared, among, is_deadlock
from newsletter.delivery import generation
from newsletter.delivery.generation import Lease
from newsletter.delivery.models import UNSETTLED, Attempt, Delivery, Mailing, MailingState, State
from newsletter.delivery.verdicts import Meaning, meaning, verdict
from newsletter.delivery.waiting import UNTIL_THE_END, WaitingDomains, forget
from newsletter.mail import Reply
from subscribers import suppression
from subscribers.audience import is_reachable
from subscribers.models import Subscriber

MOVES: dict[State, frozenset[State]] = {
    State.PENDING: frozenset({State.CLAIMED, State.SKIPPED}),
    State.CLAIMED: frozenset({State.PENDING, State.ATTEMPTING, State.REFUSED, State.GIVEN_UP, State.SKIPPED}),
    State.ATTEMPTING: frozenset({State.ACCEPTED, State.REFUSED, State.GIVEN_UP, State.PENDING, State.IN_DOUBT}),
    # The first only when a person says: send again; the others when a witness knows (see `witnessing`).
    State.IN_DOUBT: frozenset({State.PENDING, State.ACCEPTED, State.REFUSED}),
    State.GIVEN_UP: frozenset({State.PENDING}),  # only when a person says: try again
}
"""What may become what. Everything else is an outcome and stays."""

LEFT = "left, paused or suppressed since the mailing began"
UNANSWERED = "the sender stopped between the last byte and the answer"
CANCELLED = "the mailing was cancelled"

_A_STEP = timedelta(hours=1)
"""By which a deadline is moved on at least, so that it is seldom."""


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


class Ledger:
    """The books of one mailing, written by one generation on its own connection; threads may share them."""

    def __init__(self, lease: Lease, mailing: int, deadline: datetime, clock: Callable[[], datetime]) -> None:
        self._connection = lease.connection
        self._generation = lease.generation
        self._mailing = mailing
        self._deadline = deadline
        self._clock = clock
        self._lock = threading.RLock()
        self._often = _Often(self._connection, mailing, lease.generation)
        self._tries: dict[int, int] = {}
        """Of everything claimed here and not answered for."""
        self._departed: set[int] = set()
        self._domains = WaitingDomains(lease.connection, mailing)
        self._aside: dict[datetime, list[int]] = {}
        """Claimed, but their domains wait until then."""
        self.is_open = True
        """Whether the mailing still went on when the books were last written."""

    def claim(self, most: int) -> list[Claim]:
        """Up to `most` people who are due, none where nobody is; those who left meanwhile are skipped here already."""
        claims: list[Claim] = []
        with self._lock:
            while not claims:
                with self._connection.begin():
                    self._put_aside()
                    self._domains.load()
                    ids = self._claim_those(Delivery.retry_at <= self._clock(), (most + 1) // 2)
                    ids |= self._claim_those(Delivery.retry_at.is_(None), most - len(ids))
                    if not ids:
                        return []
                    claims = self._look_up(ids)
                    if gone := ids - {claim.delivery for claim in claims}:
                        self._move(State.CLAIMED, State.SKIPPED, _among(gone), reason=LEFT)
            self._tries |= {claim.delivery: claim.tries for claim in claims}
        return _in_turns(claims)

    def give_time(self, trying: timedelta) -> None:
        """While there are people who had no first try yet, the deadline moves on: they get as long as others had."""
        deadline = self._clock() + trying
        if deadline - self._deadline < _A_STEP:
            return
        fresh = exists().where(
            Delivery.mailing_id == self._mailing, Delivery.state == State.PENDING, Delivery.retry_at.is_(None)
        )
        with self._lock, self._connection.begin():
            if self._connection.scalar(select(fresh)):
                later = update(Mailing).where(Mailing.id == self._mailing, Mailing.deadline < deadline)
                self._connection.execute(later.values(deadline=deadline))
                self._deadline = deadline

    def may_go(self, delivery: int, domain: bytes) -> bool:
        """Whether the recipient's domain (hashed) takes mail now. Who has to wait is put aside: in hand no more."""
        self._domains.learn(delivery, domain)
        until = self._domains.until(delivery)
        if until is None or until <= self._clock():
            return True
        self._domains.let_go([delivery])
        self._tries.pop(delivery)
        self._aside.setdefault(until, []).append(delivery)
        return False

    def barrier(self, replies: Sequence[Reply], departing: Sequence[int]) -> frozenset[int]:
        """Record the replies and mark who departs, in one durable step. Returns those who may depart."""
        with self._lock:
            try:
                sending, turned_away, leaving = self._in_one_step(replies, frozenset(departing))
            except DBAPIError as error:
                if not is_deadlock(error):
                    raise
                sending, turned_away, leaving = self._in_one_step(replies, frozenset(departing))  # none of it was done
            self.is_open = sending
            if turned_away and self._domains.pause_if_many(turned_away):
                self.is_open = False
            answered = [reply.delivery for reply in replies] + list(frozenset(departing) - leaving)
            self._domains.let_go(answered)
            for delivery in answered:
                self._tries.pop(delivery, None)
                self._departed.discard(delivery)
            self._departed |= leaving
            return leaving

    def _in_one_step(self, replies: Sequence[Reply], departing: frozenset[int]) -> tuple[bool, str, frozenset[int]]:
        """Whether the mailing goes on, the code of the last who turned us away, and who departs."""
        with self._connection.begin():
            sending = self._often.is_sending()
            turned_away = self._record(replies, sending)
            leaving = self._depart(departing, sending)
            if not sending:
                self._connection.execute(skip_cancelled())
            return sending, turned_away, leaving

    def give_up(self, delivery: int, reason: str) -> None:
        """This person cannot be written to at all: say why."""
        with self._lock:
            with self._connection.begin():
                self._move(State.CLAIMED, State.GIVEN_UP, _among([delivery]), reason=reason)
            self._tries.pop(delivery, None)
            self._domains.let_go([delivery])

    def give_back(self) -> None:
        """Return what was claimed and never departed; what departed and was never answered for is in doubt."""
        with self._lock:
            with self._connection.begin():
                # Who is cancelling it now did not see those who went back a moment ago.
                mine = select(Mailing.id).where(Mailing.id == self._mailing)
                self._connection.execute(mine.with_for_update(read=True))
                settle(self._connection, self._generation)
            self._tries.clear()
            self._departed.clear()
            self._aside.clear()

    def finish(self) -> bool:
        """Close the mailing when nobody is left to write to; whether it is closed now."""
        unsettled = exists().where(Delivery.mailing_id == Mailing.id, Delivery.state.in_(UNSETTLED))
        done = update(Mailing).where(
            Mailing.id == self._mailing, Mailing.state == MailingState.SENDING, ~unsettled.correlate(Mailing)
        )
        with self._lock, self._connection.begin():
            # Locked before it is counted: doubts may be on their way back into the mailing.
            self._connection.execute(select(Mailing.id).where(Mailing.id == self._mailing).with_for_update())
            values = {"state": MailingState.FINISHED, "finished_at": self._clock(), "note": ""}
            if finished := self._connection.execute(done.values(values)).rowcount == 1:
                forget(self._connection, self._mailing)
            return finished

    def _claim_those(self, due: ColumnElement[bool], most: int) -> set[int]:
        """Asked for each kind of due apart: databases do not agree whether who has no time of a try comes first."""
        sending = exists().where(Mailing.id == self._mailing, Mailing.state == MailingState.SENDING)
        waiting = (
            select(Delivery.id)
            .where(Delivery.mailing_id == self._mailing, Delivery.state == State.PENDING, due, sending)
            .order_by(Delivery.retry_at)  # as the index has them: nothing is sorted, and few rows are looked at
            .limit(most)
            .with_for_update(skip_locked=True, of=Delivery)
            .cte("waiting")
        )
        among = Delivery.id.in_(select(waiting.c.id))
        return move(self._connection, State.PENDING, State.CLAIMED, among, generation_id=self._generation)

    def _put_aside(self) -> None:
        """Whose domain waits goes back until it may be asked again, or is given up where that is too late."""
        for until, ids in self._aside.items():
            if until <= self._deadline:
                self._move(State.CLAIMED, State.PENDING, _among(ids), retry_at=until)
            else:
                self._move(State.CLAIMED, State.GIVEN_UP, _among(ids), reason=UNTIL_THE_END)
        self._aside.clear()

    def _look_up(self, ids: Iterable[int]) -> list[Claim]:
        """Whether somebody is reachable is asked as a value: as a condition it would have everyone looked at."""
        rows = self._connection.execute(
            select(
                Delivery.id,
                Delivery.edition_id,
                Delivery.tries,
                Subscriber.id,
                Subscriber.address_hash,
                Subscriber.sealed_address,
                Subscriber.sealed_name,
                Subscriber.plain_text,
                is_reachable(),
            )
            .outerjoin(Subscriber, Subscriber.id == Delivery.subscriber_id)
            .where(_among(ids))
            .order_by(Delivery.id)
        )
        return [Claim(*row[:-1]) for row in rows if row[-1]]

    def _depart(self, ids: frozenset[int], sending: bool) -> frozenset[int]:
        """Mark them as attempting, where each may still be written to; the others are skipped, or go back."""
        leaving = self._often.depart(ids) if sending and ids else frozenset()
        if staying := ids - leaving:
            self._move(State.CLAIMED, State.SKIPPED, _among(staying), ~_is_still_reachable(), reason=LEFT)
            self._move(State.CLAIMED, State.PENDING, _among(staying))
        self._often.begin_attempts(leaving, self._clock())
        return leaving

    def _record(self, replies: Sequence[Reply], sending: bool) -> str:
        """Returns the code of the last of those that turn us away, or nothing."""
        now = self._clock()
        accepted = {reply.delivery for reply in replies if reply.accepted} & self._departed
        others = [reply for reply in replies if reply.delivery not in accepted]
        # Before any delivery is touched: so does who erases somebody, and neither waits for the other.
        self._suppress([reply.delivery for reply in others if meaning(reply) is Meaning.NOBODY], now)
        self._often.begin_attempts([reply.delivery for reply in replies if reply.delivery not in self._departed], now)
        self._often.end_attempts(replies, now)
        self._often.accept(accepted)
        turned_away = [reply for reply in others if meaning(reply) is Meaning.TURNED_AWAY]
        if sending:  # or somebody may be ending the mailing, and with it the waits
            first_tries = {reply.delivery: not self._tries[reply.delivery] for reply in turned_away}
            self._domains.hear(first_tries, accepted, now)
        for reply in others:
            self._settle(reply, now)
        return f"{turned_away[-1].code} {turned_away[-1].status}".strip() if turned_away else ""

    def _settle(self, reply: Reply, now: datetime) -> None:
        before = State.ATTEMPTING if reply.delivery in self._departed else State.CLAIMED
        tries = self._tries[reply.delivery] + 1
        # Who was turned away is tried after the others at their domain, who may not be.
        since = max(now, self._domains.until(reply.delivery) or now)
        after, retry_at = verdict(reply, tries, since, self._deadline)
        reason = "" if after is State.ACCEPTED else reply.text
        self._move(before, after, _among([reply.delivery]), tries=tries, retry_at=retry_at, reason=reason)

    def _suppress(self, deliveries: Sequence[int], now: datetime) -> None:
        """Nobody is there, their server says: nobody writes to them again."""
        if deliveries:
            people = select(Delivery.subscriber_id).where(_among(deliveries), Delivery.subscriber_id.is_not(None))
            suppression.bounced(self._connection, people, now.date())

    def _move(self, before: State, after: State, *which: ColumnElement[bool], **values: Any) -> set[int]:
        """Moves what this generation holds in this mailing."""
        mine = and_(Delivery.mailing_id == self._mailing, Delivery.generation_id == self._generation)
        return move(self._connection, before, after, mine, *which, **values)


class _Often:
    """The statements that every message needs, compiled once: to build one anew costs more than to run it.

    They take many rows at a time where they can: fewer steps beat quicker ones.
    """

    def __init__(self, connection: Connection, mailing: int, number: int) -> None:
        self._connection = connection
        self._held = and_(Delivery.generation_id == number, Delivery.state == State.ATTEMPTING)
        of, at = bindparam("of", type_=Integer), bindparam("at", type_=Attempt.started_at.type)
        all_of = among(Delivery.id, "all", connection)
        is_open = and_(Attempt.delivery_id == of, Attempt.generation_id == number, Attempt.ended_at.is_(None))
        ended: dict[str, Any] = {"ended_at": at, "code": bindparam("answer"), "text": bindparam("words")}
        # Nobody can pause or cancel it before the commit.
        going_on = select(Mailing.id).where(Mailing.id == mailing, Mailing.state == MailingState.SENDING)
        mine = and_(all_of, Delivery.generation_id == number)
        departing = moving(State.CLAIMED, State.ATTEMPTING, mine, _is_still_reachable())
        accepting = moving(State.ATTEMPTING, State.ACCEPTED, mine).values(reason="", retry_at=None)
        begun = select(Delivery.id, literal(number), at, literal("")).where(all_of)
        self._going_on = Prepared(going_on.with_for_update(read=True), connection)
        self._departing = Prepared(departing.values(tries=Delivery.tries + 1), connection, "all")
        self._accepting = Prepared(accepting, connection, "all")
        self._begin = Prepared(
            insert(Attempt).from_select(["delivery_id", "generation_id", "started_at", "text"], begun),
            connection,
            *("all", "at"),
        )
        self._end = Prepared(update(Attempt).where(is_open).values(ended), connection, "of", "at", "answer", "words")

    def is_sending(self) -> bool:
        """Whether the mailing goes on."""
        return self._going_on.found()

    def depart(self, ids: frozenset[int]) -> frozenset[int]:
        """Suppression is asked in the very statement that writes "attempting": nobody slips between the two."""
        if self._departing.run([(tuple(ids),)]) == len(ids):
            return ids
        return frozenset(self._connection.scalars(select(Delivery.id).where(self._held, _among(ids))))

    def begin_attempts(self, ids: Iterable[int], at: datetime) -> None:
        """Before the server can have the message."""
        self._begin.run([(every, at) for every in [tuple(ids)] if every])

    def end_attempts(self, replies: Sequence[Reply], at: datetime) -> None:
        """With what the server said."""
        self._end.run([(reply.delivery, at, reply.code, reply.text) for reply in replies])

    def accept(self, ids: Iterable[int]) -> None:
        """What most replies make of what departed."""
        self._accepting.run([(every,) for every in [tuple(ids)] if every])


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


def _in_turns(claims: list[Claim]) -> list[Claim]:
    """Where the pace lets few go, neither those who are tried again wait for all the others, nor these for them."""
    new, again = ([claim for claim in claims if bool(claim.tries) is tried] for tried in (False, True))
    return [claim for pair in zip_longest(new, again) for claim in pair if claim]


def _is_still_reachable() -> ColumnElement[bool]:
    return exists().where(Subscriber.id == Delivery.subscriber_id, is_reachable()).correlate(Delivery)


def _among(ids: Iterable[int]) -> ColumnElement[bool]:
    return Delivery.id.in_(list(ids))
