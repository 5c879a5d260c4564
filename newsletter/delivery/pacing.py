"""Permits to send, counted in the database, so that all processes that share it keep to one pace.

Hours and days are sums over rows of a minute each, so they hold in any hour and any day, not only from one midnight to
the next. For the second a single row says when the next message may leave, and each permit moves it on (GCRA, ITU-T
I.371): a server that takes 14 a second gets one every 71 milliseconds, however many processes send. Permits are taken
for a quarter of a second at a time, and a process that dies loses those alone. Libraries count in one process's memory,
in Redis, or with a statement for each message: that is why this is our own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from newsletter import zones
from newsletter.db import Database
from newsletter.delivery.models import PaceMinute, PaceTurn
from newsletter.pace import DAY, Limit, Pace

_MINUTE, _SECOND, _NONE = timedelta(minutes=1), timedelta(seconds=1), timedelta()
_PARTS = 4
"""Of a second: processes take turns by so much, and a slow one keeps the others waiting no longer."""
_GOOD_FOR = _SECOND
"""How late a permit may be used: what was held up for longer must not leave all at once."""
_AHEAD = timedelta(seconds=30)
"""A turn further ahead was written by a clock that went wrong."""
_PLENTY = 1 << 32


@dataclass(frozen=True, slots=True)
class Wait:
    """Why no mailing goes on now, and until when."""

    until: datetime
    why: str
    zone: str

    @property
    def sentence(self) -> str:
        """For the person who looks at the mailing."""
        return f"{self.why}; it goes on by itself on {zones.show(self.until, self.zone)}."


@dataclass(slots=True)
class Permits:
    """So many messages may leave: the first at `next_at`, one each `apart` after it, none after `good_until`."""

    left: int
    next_at: datetime
    apart: timedelta
    good_until: datetime
    taken_at: datetime


def outlook(session: Session, pace: Pace | None, now: datetime) -> Wait | None:
    """Why no mailing goes on now; nothing where the pace keeps none from it."""
    room = _room(session, pace, now) if pace else None
    return room if isinstance(room, Wait) else None


def time_left(pace: Pace | None, people: int, rate: float, now: datetime) -> timedelta | None:
    """About how long it takes to write to so many at the `rate` of late (a second), and as the pace allows at most."""
    least = pace.least(people, now) if pace else _NONE
    return max(timedelta(seconds=people / rate), least) if rate else least or None


def take(session: Session, pace: Pace, now: datetime, most: int) -> Permits | Wait:
    """Permits for up to `most` messages, one at least; or why there are none now."""
    # Locked until the caller's transaction ends, so that nobody counts meanwhile.
    turn = _turn(session, now) if pace.is_counted else PaceTurn(next_at=now)
    room = _room(session, pace, now)
    if isinstance(room, Wait):
        return room
    number, apart = min(most, room), _NONE
    if pace.rate.second:
        number = min(number, max(pace.rate.second // _PARTS, 1))
        apart = _SECOND / pace.rate.second
    first = max(turn.next_at, now)
    turn.next_at = first + number * apart
    if pace.is_counted:
        _count(session, number, now)
    return Permits(number, first, apart, turn.next_at + _GOOD_FOR, now)


def give_back(session: Session, pace: Pace, permits: Permits, now: datetime) -> None:
    """What was not used is nobody's: the hour and the day get it back."""
    if pace.is_counted and permits.left:
        _turn(session, now)
        _count(session, -permits.left, permits.taken_at)


def count_singles(pace: Pace, session: Session, number: int, now: datetime) -> None:
    """So many single mails leave: they never wait for the pace, and mailings are the slower for them."""
    if not pace.is_counted:
        return
    turn = _turn(session, now)
    if pace.rate.second:
        turn.next_at = min(max(turn.next_at, now) + number * _SECOND / pace.rate.second, now + _AHEAD)
    _count(session, number, now)


class Gate:
    """One process's way through the pace: the permits in its hand, and how long to wait for the next."""

    def __init__(self, database: Database, pace: Pace | None, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._pace = pace
        self._clock = clock
        self._permits: Permits | None = None

    def wait(self, most: int) -> timedelta:
        """How long until one more message may leave; nothing where it may now. `most` is how many are to be sent."""
        if self._pace is None:
            return _NONE
        now = self._clock()
        hand = self._permits
        if hand is None or not hand.left or now > hand.good_until:
            taken = self._renewed(self._pace, now, most)
            if isinstance(taken, Wait):
                return taken.until - now
            hand = taken
        return max(hand.next_at - now, _NONE)

    def use(self) -> None:
        """A message leaves."""
        if self._permits:
            self._permits.left -= 1
            self._permits.next_at += self._permits.apart

    def close(self) -> None:
        """Give back what is left."""
        if self._pace and self._permits and self._permits.left:
            with self._database.write() as session:
                give_back(session, self._pace, self._permits, self._clock())
            self._permits = None

    def _renewed(self, pace: Pace, now: datetime, most: int) -> Permits | Wait:
        with self._database.write() as session:
            if self._permits:
                give_back(session, pace, self._permits, now)
            taken = take(session, pace, now, most)
        self._permits = None if isinstance(taken, Wait) else taken
        return taken


def _room(session: Session, pace: Pace, now: datetime) -> int | Wait:
    """How many may leave before a limit is reached; or why none may, whichever reason lasts longest."""
    room, waits = _PLENTY, []
    if until := pace.quiet_until(now):
        waits.append(Wait(until, "These are the quiet hours", pace.zone.key))
    for limit in pace.limits(now):
        left = limit.messages - _taken(session, limit, now)
        room = min(room, left)
        if left <= 0:
            waits.append(_spent(session, pace, limit, now))
    return max(waits, key=lambda wait: wait.until) if waits else room


def _spent(session: Session, pace: Pace, limit: Limit, now: datetime) -> Wait:
    """Until the oldest of what counts is old enough, or the ramp's next day, and quiet hours are over."""
    over = _taken(session, limit, now) - limit.messages
    oldest = select(PaceMinute).where(_within(limit, now)).order_by(PaceMinute.begins)
    until = next(
        minute.begins + _MINUTE + limit.span for minute in session.scalars(oldest) if (over := over - minute.taken) < 0
    )
    if limit.setting == "WARM_UP":  # tomorrow it is more
        until = min(until, pace.next_day(now))
    span = "a day" if limit.span == DAY else "an hour"
    why = f"{limit.messages:,} messages went out within {span}, as many as the settings allow ({limit.setting})"
    return Wait(pace.quiet_until(until) or until, why, pace.zone.key)


def _taken(session: Session, limit: Limit, now: datetime) -> int:
    return session.scalar(select(func.coalesce(func.sum(PaceMinute.taken), 0)).where(_within(limit, now))) or 0


def _within(limit: Limit, now: datetime) -> ColumnElement[bool]:
    """A minute counts until its last moment is old enough; one to come was written by a clock that went wrong."""
    return and_(PaceMinute.begins > now - limit.span - _MINUTE, PaceMinute.begins <= now + _MINUTE)


def _turn(session: Session, now: datetime) -> PaceTurn:
    kind = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    session.execute(kind.insert(PaceTurn).values(id=1, next_at=now).on_conflict_do_nothing())
    turn = session.get_one(PaceTurn, 1, with_for_update=True)
    if turn.next_at > now + _AHEAD:
        turn.next_at = now
    return turn


def _count(session: Session, number: int, now: datetime) -> None:
    """Within the turn. Who begins a minute takes away those that no limit asks for any more."""
    begins = now.replace(second=0, microsecond=0)
    minute = session.get(PaceMinute, begins)
    if minute:
        minute.taken += number
    else:
        session.execute(delete(PaceMinute).where(PaceMinute.begins <= now - DAY - _MINUTE))
        session.add(PaceMinute(begins=begins, taken=number))
