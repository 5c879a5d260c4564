"""Why servers said no, in a few kinds that a person can act on (RFC 3463 and what servers write in its place)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.delivery.models import Delivery, State
from subscribers.models import Subscriber
from subscribers.vault import Vault

NOT_TAKEN = (State.REFUSED, State.GIVEN_UP)
MOST_WORDINGS = 2000
MOST_PEOPLE = 200


@dataclass(frozen=True)
class Reason:
    """One kind of no."""

    kind: str
    people: int
    words: str
    """What a server said, for who wants to know exactly."""


@dataclass(frozen=True)
class Person:
    """Somebody who did not get it. The repr shows no address."""

    address: str
    """Empty where they were erased since."""
    state: State
    kind: str
    tries: int

    def __repr__(self) -> str:
        return f"Person({self.state}, {self.kind})"


ABOUT_US = "our own address, or our right to send"
NOBODY_THERE = "no such address"
TOO_MUCH = "too much mail at once, or our reputation"
FILTER = "turned away by a filter"

_OUR_ADDRESS = r"sender|mail from|envelope.?from|return.path|from (address|domain)"
_OUR_NAME = r"\b(helo|ehlo|client|rdns|ptr)\b|reverse dns|your (account|ip|server)\b"
_OUR_RIGHT = r"relay(?!.recipient table)|\bauth\b|authenti|(?<!recipient )verif\w* fail|unknown command|bad sequence"
_SOMEBODY = r"\b(user|recipient|mailbox|address|account|person)s?\b"

_KINDS = (
    (ABOUT_US, rf"\b5\.1\.[78]\b(?!\.\d)|{_OUR_ADDRESS}|{_OUR_NAME}|{_OUR_RIGHT}"),
    ("no such mail server", r"\b[45]\.(1\.2|4\.4)\b|domain (not|does)|host (unknown|not found)|nxdomain"),
    ("mailbox full", r"\b[45]\.2\.2\b|(mailbox|quota).{0,30}(full|exceeded)|over ?quota"),
    (
        NOBODY_THERE,
        rf"\b5\.(1\.[0136]|1\.10|2\.1)\b(?!\.\d)|(no such( \w+)?|unknown) {_SOMEBODY}"
        rf"|{_SOMEBODY}.{{0,40}}(unknown|disabled|n.t (be )?(exist|found))",
    ),
    ("a mailbox that takes no mail, they do not say why", r"\b5\.2\.0\b|unavailable"),
    (TOO_MUCH, r"\b[45]\.7\.28\b|\brate\b|volume|reputation|complaint"),
    (FILTER, r"\b5\.7\.\d|spam|block|black|policy|prohibit|reputation|reject"),
    ("an address with letters their server does not take", r"\b5\.6\.7\b|smtputf8"),
    ("their server kept saying “later”", r"^4|\b4\.\d\.\d|later|grey|busy"),
)


def kind(words: str) -> str:
    """What kind of no a server's words are."""
    return next((name for name, pattern in _KINDS if re.search(pattern, words, re.IGNORECASE)), "another reason")


def speaks_of(a_kind: str, words: str) -> bool:
    """Whether a server's words are such a kind of no, also where they are another before."""
    return re.search(dict(_KINDS)[a_kind], words, re.IGNORECASE) is not None


def reasons(session: Session, mailing: int) -> list[Reason]:
    """Why people of this mailing did not get it, the most frequent first."""
    people = func.count().label("people")
    rows = session.execute(
        select(Delivery.reason, people)
        .where(Delivery.mailing_id == mailing, Delivery.state.in_(NOT_TAKEN))
        .group_by(Delivery.reason)
        .order_by(people.desc())
        .limit(MOST_WORDINGS)
    )
    found: dict[str, Reason] = {}
    for words, count in rows:
        name = kind(words)
        before = found.get(name, Reason(name, 0, words))
        found[name] = Reason(name, before.people + count, before.words)
    return sorted(found.values(), key=lambda reason: -reason.people)


def who(session: Session, vault: Vault, mailing: int, states: Sequence[State]) -> list[Person]:
    """The first of those in `states`, by address: for the list keeper alone."""
    rows = session.execute(
        select(Delivery.state, Delivery.reason, Delivery.tries, Subscriber.sealed_address, Subscriber.address_hash)
        .outerjoin(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .where(Delivery.mailing_id == mailing, Delivery.state.in_(states), Delivery.settled != "left")
        .order_by(Delivery.id)
        .limit(MOST_PEOPLE)
    )
    return [
        Person(vault.open_address(sealed, address_hash) if sealed else "", state, kind(reason), tries)
        for state, reason, tries, sealed, address_hash in rows
    ]
