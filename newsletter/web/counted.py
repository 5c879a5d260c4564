"""What takes a moment to count where there is much of it: pages remember it instead of counting it anew."""

import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy.orm import Session

from newsletter.delivery import account, planning
from newsletter.delivery.account import Account
from newsletter.delivery.models import Mailing, MailingState, State
from subscribers.audience import count_by_languages


class Counted(NamedTuple):
    """How many can be written to, by their languages as kept, and when they were counted."""

    people: Mapping[str, int]
    at: datetime


class Readers:
    """Who can be written to. A list that is not long is counted each time."""

    LONG = 20_000
    WHILE = timedelta(minutes=10)

    def __init__(self) -> None:
        self._known: Counted | None = None

    def counted(self, session: Session, now: datetime) -> Counted:
        """As of now, or of a while ago."""
        known = self._known
        if known and now - known.at < self.WHILE:
            return known
        counted = Counted(count_by_languages(session), now)
        self._known = counted if sum(counted.people.values()) > self.LONG else None
        return counted

    def by_language(self, session: Session, languages: Sequence[str], now: datetime) -> Mapping[str, int]:
        """By the languages of an issue, the first of which is for everyone else."""
        return planning.shared(self.counted(session, now).people, languages)

    def forget(self) -> None:
        """Somebody at the desk changed the list, and wants to see it."""
        self._known = None


class Accounts:
    """The accounts of finished mailings: they change no more, unless the mailing goes on, or a doubt is settled."""

    MOST = 100
    WHILE = 60.0
    """Seconds that an account with doubts is remembered."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, datetime | None], tuple[Account, float]] = OrderedDict()

    def of(self, session: Session, mailing: Mailing) -> Account:
        """The account of a mailing."""
        if mailing.state is not MailingState.FINISHED:
            return account.account(session, mailing.id)
        key = (mailing.id, mailing.finished_at)
        known, at = self._kept.pop(key, (None, 0.0))
        if known is None or (known.by_state.get(State.IN_DOUBT) and time.monotonic() - at > self.WHILE):
            known, at = account.account(session, mailing.id), time.monotonic()
        self._kept[key] = (known, at)
        while len(self._kept) > self.MOST:
            self._kept.popitem(last=False)
        return known


class Tallies:
    """How far mailings are, for a program that asks again and again: to count takes a twentieth of the time at most."""

    SHARE = 20.0

    def __init__(self) -> None:
        self._known: dict[int, tuple[Mapping[State, int], float]] = {}
        """By mailing, and until when it is good enough."""

    def of(self, session: Session, mailing: int) -> Mapping[State, int]:
        """The people of a mailing by state."""
        known, until = self._known.get(mailing, ({}, 0.0))
        began = time.monotonic()
        if began < until:
            return known
        counted = account.tally(session, mailing)
        ended = time.monotonic()
        self._known[mailing] = (counted, ended + self.SHARE * (ended - began))
        return counted
