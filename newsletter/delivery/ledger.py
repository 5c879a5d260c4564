"""The books: every move of a delivery from one state to another is made here, and is durable when it returns.

The order that the promise rests on (docs/sending.md): claimed > "attempting" > the final dot > the reply.
A process that dies leaves its claims, which go back, and its attempts, which are in doubt.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, select, update
from sqlalchemy.exc import DBAPIError

from newsletter.db import is_deadlock
from newsletter.delivery import daybook, generation
from newsletter.delivery.brake import NOES, Brake
from newsletter.delivery.daybook import Daybook
from newsletter.delivery.generation import Lease
from newsletter.delivery.models import UNSETTLED, Delivery, Mailing, MailingState, State
from newsletter.delivery.moves import is_still_reachable, move
from newsletter.delivery.statements import Claim, Claims, Entries
from newsletter.delivery.verdicts import Meaning, meaning, verdict
from newsletter.delivery.waiting import UNTIL_THE_END, WaitingDomains, forget
from newsletter.mail import Reply
from subscribers import suppression

LEFT = "left, paused or suppressed since the mailing began"
UNANSWERED = "the sender stopped between the last byte and the answer"
CANCELLED = "the mailing was cancelled"

_Meant = tuple[Reply, Meaning]

_BEGUN = (MailingState.SENDING, MailingState.PAUSED, MailingState.CANCELLED)
"""Where somebody may be in hand."""

_A_STEP = timedelta(hours=1)
"""By which a deadline is moved on at least, so that it is seldom."""


class Ledger:
    """The books of one mailing, written by one generation on its own connection; threads may share them."""

    def __init__(self, lease: Lease, mailing: int, deadline: datetime, clock: Callable[[], datetime]) -> None:
        self._connection = lease.connection
        self._generation = lease.generation
        self._mailing = mailing
        self._deadline = deadline
        self._clock = clock
        self._lock = threading.RLock()
        self._claims = Claims(lease.connection, mailing, lease.generation)
        self._entries = Entries(lease.connection, lease.generation)
        self._daybook = Daybook(lease.connection, mailing, lease.generation, self._entries)
        self._tries: dict[int, int] = {}
        """Of everything claimed here and not answered for."""
        self._departed: set[int] = set()
        self._domains = WaitingDomains(lease.connection, mailing)
        self._brake = Brake(lease.connection, mailing)
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
                    ids = self._claims.claim(most, self._clock())
                    if not ids:
                        return []
                    claims = self._claims.look_up(ids)
                    if gone := ids - {claim.delivery for claim in claims}:
                        self._move(State.CLAIMED, State.SKIPPED, _among(gone), reason=LEFT)
            self._tries |= {claim.delivery: claim.tries for claim in claims}
        return claims

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
        until = self._domains.learn(delivery, domain)
        if until is None or until <= self._clock():
            return True
        self._domains.let_go([delivery])
        self._tries.pop(delivery)
        self._aside.setdefault(until, []).append(delivery)
        return False

    def barrier(self, replies: Sequence[Reply], departing: Sequence[int]) -> frozenset[int]:
        """Record the replies and mark who departs, in one durable step. Returns those who may depart."""
        with self._lock:
            sending, others, leaving = self._until_written(replies, frozenset(departing))
            self.is_open = not (others and self._pauses(others)) and sending
            answered = [reply.delivery for reply in replies] + list(frozenset(departing) - leaving)
            self._domains.let_go(answered)
            for delivery in answered:
                self._tries.pop(delivery, None)
                self._departed.discard(delivery)
            self._departed |= leaving
            return leaving

    def _pauses(self, others: Sequence[_Meant]) -> bool:
        """Whether the mailing pauses for these answers, also where it did for those before."""
        away = [reply for reply, meant in others if meant is Meaning.TURNED_AWAY]
        are_many = bool(away) and self._domains.pause_if_many(away[-1].said)
        refused = sum(meant in NOES for _, meant in others)
        return (refused > 0 and self._brake.pull(refused)) or are_many

    def _until_written(
        self, replies: Sequence[Reply], departing: frozenset[int]
    ) -> tuple[bool, list[_Meant], frozenset[int]]:
        """In one step, and anew as often as another transaction and this one wait for each other: none of it was done
        then, and whoever waited is not always quick enough to go on before the books come again."""
        while True:
            try:
                return self._in_one_step(replies, departing)
            except DBAPIError as error:
                if not is_deadlock(error):
                    raise

    def _in_one_step(
        self, replies: Sequence[Reply], departing: frozenset[int]
    ) -> tuple[bool, list[_Meant], frozenset[int]]:
        """Whether the mailing goes on, the answers that are no yes, and who departs."""
        with self._connection.begin():
            if self._does_a_line(replies, departing):
                return True, [], departing
            sending = self._claims.is_sending()
            others = self._record(replies, sending)
            leaving = self._depart(departing, sending)
            if not sending:
                self._connection.execute(skip_cancelled())
            return sending, others, leaving

    def _does_a_line(self, replies: Sequence[Reply], departing: frozenset[int]) -> bool:
        """Whether a line of the daybook says it all: everybody was accepted, and everybody departs."""
        taken = {reply.delivery for reply in replies if reply.accepted} & self._departed
        now = self._clock()
        if len(taken) < len(replies) or not self._daybook.write(replies, departing, now):
            return False
        self._domains.hear({}, taken, now)
        return True

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
                settle(self._connection, self._generation, self._entries)
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

    def _put_aside(self) -> None:
        """Whose domain waits goes back until it may be asked again, or is given up where that is too late."""
        for until, ids in self._aside.items():
            if until <= self._deadline:
                self._move(State.CLAIMED, State.PENDING, _among(ids), retry_at=until)
            else:
                self._move(State.CLAIMED, State.GIVEN_UP, _among(ids), reason=UNTIL_THE_END)
        self._aside.clear()

    def _depart(self, ids: frozenset[int], sending: bool) -> frozenset[int]:
        """Mark them as attempting, where each may still be written to; the others are skipped, or go back."""
        leaving = self._entries.depart(ids) if sending and ids else frozenset()
        if staying := ids - leaving:
            self._move(State.CLAIMED, State.SKIPPED, _among(staying), ~is_still_reachable(), reason=LEFT)
            self._move(State.CLAIMED, State.PENDING, _among(staying))
        self._entries.begin_attempts(leaving, self._clock())
        return leaving

    def _record(self, replies: Sequence[Reply], sending: bool) -> list[_Meant]:
        """Returns the answers that are no yes."""
        now = self._clock()
        accepted = {reply.delivery for reply in replies if reply.accepted} & self._departed
        others = [(reply, meaning(reply)) for reply in replies if reply.delivery not in accepted]
        # Before any delivery is touched: so does who erases somebody, and neither waits for the other.
        self._suppress([reply.delivery for reply, meant in others if meant is Meaning.NOBODY], now)
        self._daybook.post()
        unasked = [reply.delivery for reply in replies if reply.delivery not in self._departed]
        self._entries.begin_attempts(unasked, now)
        self._entries.end_attempts(replies, now)
        self._entries.accept(accepted)
        turned_away = [reply.delivery for reply, meant in others if meant is Meaning.TURNED_AWAY]
        if sending:  # or somebody may be ending the mailing, and with it the waits
            first_tries = {delivery: not self._tries[delivery] for delivery in turned_away}
            self._domains.hear(first_tries, accepted, now)
        for reply, _ in others:
            self._settle(reply, now)
        return others

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


def bury_the_dead(lease: Lease, now: datetime) -> None:
    """Settle what processes that died had in hand: claims go back, attempts are in doubt."""
    for dead in lease.others_that_died():
        with lease.connection.begin():
            if generation.end(lease.connection, dead, now):
                settle(lease.connection, dead, Entries(lease.connection, dead))


def settle(connection: Connection, number: int, entries: Entries) -> None:
    """Put down what a generation has in hand, inside the caller's transaction."""
    # Nobody may cancel these mailings before the claims are back, or they would wait in them for ever.
    begun = select(Mailing.id).where(Mailing.state.in_(_BEGUN)).order_by(Mailing.id).with_for_update(read=True)
    mailings = connection.scalars(begun).all()
    daybook.post(connection, number, entries)
    for mailing in mailings:  # one by one: an index knows who is held in a mailing
        held = and_(Delivery.mailing_id == mailing, Delivery.generation_id == number)
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
