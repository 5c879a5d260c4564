"""What takes a moment to count where there is much of it: pages remember it instead of counting it anew."""

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
    """The accounts of mailings that are finished, with nobody in doubt: they change no more, unless they go on."""

    MOST = 100

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, datetime | None], Account] = OrderedDict()

    def of(self, session: Session, mailing: Mailing) -> Account:
        """The account of a mailing."""
        if mailing.state is not MailingState.FINISHED:
            return account.account(session, mailing.id)
        key = (mailing.id, mailing.finished_at)
        counted = self._kept.pop(key, None) or account.account(session, mailing.id)
        if counted.outcomes[State.IN_DOUBT]:  # a provider may settle them
            return counted
        self._kept[key] = counted
        while len(self._kept) > self.MOST:
            self._kept.popitem(last=False)
        return counted
