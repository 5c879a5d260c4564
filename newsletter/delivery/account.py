"""After a send, and during it: the account of a mailing, whose five numbers add up to everyone counted."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, bindparam, func, select
from sqlalchemy.orm import Session

from issues.models import Edition, Issue
from newsletter.delivery.models import OUTCOMES, UNSETTLED, Attempt, Delivery, Mailing, MailingEdition, State
from subscribers.audience import is_reachable
from subscribers.models import Subscriber

IS_OPEN_DOUBT = and_(Delivery.state == State.IN_DOUBT, Delivery.settled != "left")
"""A condition over `Delivery`: in doubt, and nobody decided to leave it at that."""
BY_EVENTS = "by its events"
"""Of a doubt: who carried the message knew what became of it (see `witnessing`)."""
_ATTEMPT_FROM = (
    select(Attempt.id, Attempt.started_at).where(Attempt.id >= bindparam("number")).order_by(Attempt.id).limit(1)
)
_NEWEST = 300
_LATELY = timedelta(minutes=1)


@dataclass(frozen=True)
class Account:
    """How many people stand in which state; `people` counts everyone frozen at the start."""

    people: int
    by_state: dict[State, int]
    by_language: dict[str, dict[State, int]] = field(default_factory=dict)
    """In the order of the issue's languages."""

    @property
    def outcomes(self) -> dict[State, int]:
        """The five outcomes, each with its number, also where that is 0."""
        return {state: self.by_state.get(state, 0) for state in OUTCOMES}

    @property
    def waiting(self) -> int:
        """How many have no outcome yet."""
        return self.people - sum(self.outcomes.values())

    @property
    def sentence(self) -> str:
        """`23 accepted + 1 skipped = 24 people`, with all five, and those still waiting."""
        numbers = [f"{count} {state}" for state, count in self.outcomes.items()]
        if self.waiting:
            numbers.append(f"{self.waiting} still waiting")
        return f"{' + '.join(numbers)} = {self.people} people"


@dataclass(frozen=True)
class Doubt:
    """Someone who may or may not have got it; `subscriber` is nothing where they were erased since."""

    delivery: int
    subscriber: int | None
    language: str
    state: State
    """In doubt; or what it came to, where that was found out."""
    reason: str
    is_reachable: bool
    """Whether they may still be written to."""


@dataclass(frozen=True)
class Line:
    """A mailing in a list."""

    mailing: Mailing
    slug: str


def account(session: Session, mailing: int) -> Account:
    """The account of a mailing, counted now."""
    # Along the index "delivery_by_state", which holds all that is asked for: of a million rows none is read.
    along = (Delivery.state, Delivery.retry_at, Delivery.edition_id)
    counted = select(*along, func.count().label("people")).where(Delivery.mailing_id == mailing).group_by(*along)
    alike = counted.subquery()
    rows = session.execute(
        select(Edition.language, alike.c.state, func.sum(alike.c.people))
        .join(Edition, Edition.id == alike.c.edition_id)
        .outerjoin(MailingEdition, and_(MailingEdition.mailing_id == mailing, MailingEdition.edition_id == Edition.id))
        .group_by(Edition.language, MailingEdition.position, alike.c.state)
        .order_by(MailingEdition.position, Edition.language)
    ).all()
    by_state: dict[State, int] = {}
    by_language: dict[str, dict[State, int]] = {}
    for language, state, people in rows:
        count = int(people)
        by_state[state] = by_state.get(state, 0) + count
        by_language.setdefault(language, {})[state] = count
    return Account(sum(by_state.values()), by_state, by_language)


def tally(session: Session, mailing: int) -> dict[State, int]:
    """How many people of a mailing stand in which state: what `account` says, without the languages."""
    counting = select(Delivery.state, func.count()).where(Delivery.mailing_id == mailing)
    return dict(session.execute(counting.group_by(Delivery.state)).all())


def lines(session: Session) -> list[Line]:
    """All mailings, the newest first."""
    rows = session.execute(
        select(Mailing, Issue.slug).join(Issue, Issue.id == Mailing.issue_id).order_by(Mailing.id.desc())
    )
    return [Line(mailing, slug) for mailing, slug in rows]


def doubts(session: Session, mailing: int) -> Sequence[Doubt]:
    """Everyone in doubt whose doubt nobody settled."""
    return _doubts(session, open_doubts(mailing))


def settled_by_events(session: Session, mailing: int) -> Sequence[Doubt]:
    """Everyone whose doubt the provider settled, with what it came to."""
    return _doubts(session, and_(Delivery.mailing_id == mailing, Delivery.settled == BY_EVENTS))


def _doubts(session: Session, which: ColumnElement[bool]) -> Sequence[Doubt]:
    rows = session.execute(
        select(Delivery.id, Subscriber.id, Edition.language, Delivery.state, Delivery.reason, is_reachable())
        .join(Edition, Edition.id == Delivery.edition_id)
        .outerjoin(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .where(which)
        .order_by(Delivery.id)
    )
    return [Doubt(*row[:-1], is_reachable=bool(row[-1])) for row in rows]


def open_doubts(mailing: int) -> ColumnElement[bool]:
    """The open doubts of a mailing: a condition over `Delivery`."""
    return and_(Delivery.mailing_id == mailing, IS_OPEN_DOUBT)


def count_open_doubts(session: Session) -> int:
    """Of all mailings: everyone in doubt whose doubt nobody settled."""
    mailings = session.scalars(select(Mailing.id).where(Mailing.opened_at.is_not(None))).all()
    theirs = Delivery.mailing_id.in_(mailings)  # as numbers: each leads to its stretch of the index
    return session.scalars(select(func.count(Delivery.id)).where(theirs, IS_OPEN_DOUBT)).one()


def attempts_since(session: Session, moment: datetime) -> int:
    """How many tries began since then, found by halving: numbers grow with time, and time has no index."""
    newest = session.scalar(select(func.max(Attempt.id))) or 0
    first, beyond = 1, newest + 1
    while first < beyond:
        middle = (first + beyond) // 2
        number, began = session.execute(_ATTEMPT_FROM, {"number": middle}).one()
        if began < moment:
            first = number + 1
        else:
            beyond = middle
    return newest + 1 - beyond


def latest_reason(session: Session, mailing: int) -> str:
    """What servers said last to those who wait for another try: why a mailing is slow."""
    waiting = select(Delivery.reason).where(
        Delivery.mailing_id == mailing,
        Delivery.state == State.PENDING,
        Delivery.retry_at.is_not(None),
        Delivery.reason != "",
    )
    return session.scalars(waiting.order_by(Delivery.retry_at.desc()).limit(1)).first() or ""


def rate(session: Session, mailing: int, now: datetime) -> float:
    """People settled a second lately: over the newest attempts, which are few however large the mailing is."""
    newest = select(Attempt.delivery_id, Attempt.ended_at).order_by(Attempt.id.desc()).limit(_NEWEST).subquery()
    ended = session.scalars(
        select(newest.c.ended_at)
        .join(Delivery, Delivery.id == newest.c.delivery_id)
        .where(Delivery.mailing_id == mailing, Delivery.state.in_(OUTCOMES), newest.c.ended_at > now - _LATELY)
    ).all()
    return len(ended) / max((now - min(ended)).total_seconds(), 1.0) if ended else 0.0


def is_all_tried(session: Session, mailing: int) -> bool:
    """Whether everyone who waits was tried before, so that they wait for their next try."""
    fresh = select(Delivery.id).where(
        Delivery.mailing_id == mailing, Delivery.state.in_(UNSETTLED), Delivery.retry_at.is_(None)
    )
    return session.scalar(fresh.limit(1)) is None


def next_try(session: Session, mailing: int) -> datetime | None:
    """When the next of those who wait is tried again."""
    return session.scalar(
        select(func.min(Delivery.retry_at)).where(Delivery.mailing_id == mailing, Delivery.state == State.PENDING)
    )
