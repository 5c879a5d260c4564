"""Recipient domains that turn our mail away, by policy or for our reputation: they wait, and nobody is refused for it.

A domain is known by its keyed hash alone. The table tells every process of a mailing which ones wait; each looks when
it claims people. Where many turn us away the mailing pauses: to go on would make a bad name worse.
"""

from collections.abc import Iterable, Mapping, Set
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, delete, func, select, update
from sqlalchemy.orm import Session

from newsletter.delivery.models import Delivery, Mailing, MailingState, State, WaitingDomain
from newsletter.delivery.verdicts import LONGEST_WAIT, back_off
from subscribers.inserting import insert_new

MOST_DOMAINS = 3
ONE_OF = 50
"""One person in so many of those who were answered for, and..."""
FEWEST_PEOPLE = 5
"""... no fewer than these: one of twenty is no sign."""

UNTIL_THE_END = "the mail domain turned our mail away by its policy until the tries ended"

_ANSWERED = (State.ACCEPTED, State.REFUSED, State.GIVEN_UP, State.IN_DOUBT)


class _Wait(NamedTuple):
    until: datetime
    tries: int


class WaitingDomains:
    """Those of one mailing, as this process knows them; writes inside the caller's transaction.

    The thread that takes messages may ask while another tells: each step is one of a dictionary, and what is learned
    a moment late costs one more try.
    """

    def __init__(self, connection: Connection, mailing: int) -> None:
        self._connection = connection
        self._mailing = mailing
        self._waits: dict[bytes, _Wait] = {}
        self._domain_of: dict[int, bytes] = {}
        """Of the deliveries in hand."""

    def learn(self, delivery: int, domain: bytes) -> datetime | None:
        """To which domain this one goes; until when that one waits, or waited last."""
        self._domain_of[delivery] = domain
        wait = self._waits.get(domain)
        return wait and wait.until

    def let_go(self, deliveries: Iterable[int]) -> None:
        """These are in hand no more."""
        for delivery in deliveries:
            self._domain_of.pop(delivery, None)

    def until(self, delivery: int) -> datetime | None:
        """Until when the domain of this one waits, or waited last; nothing where it never did, or took mail since."""
        wait = self._waits.get(self._domain_of.get(delivery, b""))
        return wait and wait.until

    def load(self) -> None:
        """Learn what other processes know."""
        columns = (WaitingDomain.domain_hash, WaitingDomain.until, WaitingDomain.tries)
        rows = self._connection.execute(select(*columns).where(WaitingDomain.mailing_id == self._mailing))
        self._waits = {domain: _Wait(until, tries) for domain, until, tries in rows}

    def hear(self, turned_away: Mapping[int, bool], taken: Set[int], now: datetime) -> None:
        """Note what became of deliveries: those turned away (and whether it was their first try), and those taken."""
        people: dict[bytes, int] = {}
        for delivery in turned_away.keys() & self._domain_of.keys():
            domain = self._domain_of[delivery]
            people[domain] = people.get(domain, 0) + turned_away[delivery]
        again = {self._domain_of.get(each, b"") for each in taken} & self._waits.keys() if self._waits else set()
        for domain in sorted(people.keys() | again):  # in one order: no two processes wait for each other
            if domain in people:
                self._wait(domain, people[domain], now)
            else:  # what was on its way when the wait began says nothing
                self._connection.execute(delete(WaitingDomain).where(self._is(domain), WaitingDomain.until <= now))
        if people or again:
            self.load()

    def pause_if_many(self, said: str) -> bool:
        """Pause the mailing, in a transaction of its own, where too many turn us away, the last with what it `said`."""
        with self._connection.begin():
            mine = select(WaitingDomain.seen, WaitingDomain.people).where(WaitingDomain.mailing_id == self._mailing)
            rows = self._connection.execute(mine).all()
            people = sum(people for _, people in rows)
            if sum(not seen for seen, _ in rows) < MOST_DOMAINS and not self._are_many(people):
                return False
            note = _note(len(rows), max(people, len(rows)), said)
            sending = update(Mailing).where(Mailing.id == self._mailing, Mailing.state == MailingState.SENDING)
            return self._connection.execute(sending.values(state=MailingState.PAUSED, note=note)).rowcount == 1

    def _wait(self, domain: bytes, people: int, now: datetime) -> None:
        known = self._waits.get(domain)
        tries = known.tries + 1 if known else 1
        new = {"mailing_id": self._mailing, "domain_hash": domain, "until": now, "tries": 0, "people": 0, "seen": False}
        self._connection.execute(insert_new(self._connection, WaitingDomain).values(new))
        row = update(WaitingDomain).where(self._is(domain))
        self._connection.execute(row.values(people=WaitingDomain.people + people))
        until = now + back_off(tries, self._mailing)
        self._connection.execute(row.where(WaitingDomain.until <= now).values(until=until, tries=tries))

    def _are_many(self, people: int) -> bool:
        if people < FEWEST_PEOPLE:
            return False
        answered = select(func.count()).where(Delivery.mailing_id == self._mailing, Delivery.state.in_(_ANSWERED))
        return people * ONE_OF >= people + self._connection.execute(answered).scalar_one()

    def _is(self, domain: bytes) -> ColumnElement[bool]:
        return and_(WaitingDomain.mailing_id == self._mailing, WaitingDomain.domain_hash == domain)


def _note(domains: int, people: int, said: str) -> str:
    return (
        f"Turned away for our address, by policy or for our reputation: {people} people at {domains} mail "
        f"domain{'s' * (domains > 1)}, the last with “{said}”. Nobody is refused for it. Look at FROM and TRANSPORT, "
        "at the sender’s reputation, at its SPF, DKIM and DMARC records, and at the mail provider’s dashboard; then "
        "resume."
    )


def ask_again(session: Session, mailing: int, now: datetime) -> None:
    """Somebody mended what they could: every wait is over, and of the domains known by now none is counted again."""
    known = update(WaitingDomain).where(WaitingDomain.mailing_id == mailing)
    session.execute(known.values(until=now, tries=0, people=0, seen=True))
    waiting = update(Delivery).where(Delivery.mailing_id == mailing, Delivery.state == State.PENDING)
    session.execute(waiting.where(Delivery.retry_at.is_not(None)).values(retry_at=None))


def shorten(session: Session, now: datetime) -> None:
    """Nobody waits for longer than two waits, a domain's and their own: else the clock was set back meanwhile."""
    sending = select(Mailing.id).where(Mailing.state == MailingState.SENDING)
    domains = update(WaitingDomain).where(WaitingDomain.mailing_id.in_(sending))
    session.execute(domains.where(WaitingDomain.until > now + LONGEST_WAIT).values(until=now))
    people = update(Delivery).where(Delivery.mailing_id.in_(sending), Delivery.state == State.PENDING)
    session.execute(people.where(Delivery.retry_at > now + 2 * LONGEST_WAIT).values(retry_at=now))


def forget(books: Session | Connection, mailing: int) -> None:
    """The mailing is over: nothing is kept of the domains that waited."""
    books.execute(delete(WaitingDomain).where(WaitingDomain.mailing_id == mailing))
