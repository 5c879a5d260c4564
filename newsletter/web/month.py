"""What the desk's first page tells: the issue in the making, the last mailing's account, what the sources brought."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from issues import composing
from issues.matrix import CellState, Row, matrix
from issues.models import Issue, Passage, Resource, Source
from issues.resources import shelf
from issues.resources.shelf import Wanted
from newsletter.delivery.account import Account
from newsletter.delivery.models import Mailing, MailingState
from newsletter.web import spoken
from newsletter.web.audience_form import Who, narrower
from newsletter.web.counted import Accounts, Readers
from newsletter.web.memory import Memory

NEWS = 4
"""New resources that are named; the rest are counted."""

_STATES = (CellState.APPROVED, CellState.DRAFT, CellState.STALE, CellState.MISSING)


@dataclass(frozen=True)
class Lacks:
    """One language of the issue in the making: its texts in the order they are read."""

    language: str
    states: list[CellState]

    @property
    def counts(self) -> list[tuple[CellState, str]]:
        """Each state that there is, with `2 drafts`."""
        counted = ((state, self.states.count(state)) for state in _STATES)
        return [(state, f"{count} {_several(state, count)}") for state, count in counted if count]

    @property
    def open(self) -> int:
        """How many texts still need someone."""
        return len(self.states) - self.states.count(CellState.APPROVED)

    @property
    def sentence(self) -> str:
        return ", ".join(words for _, words in self.counts)


@dataclass(frozen=True)
class Making:
    """The issue in the making, and when and to how many it goes."""

    issue: Issue
    mailing: Mailing | None
    languages: list[Lacks]
    readers: Mapping[str, int]
    who: Who | None
    """Where its mailing is not for everyone."""
    """By language, those who would get it if it went now."""

    @property
    def open(self) -> int:
        return sum(lacks.open for lacks in self.languages)


@dataclass(frozen=True)
class Sent:
    """The last mailing that began, and its account."""

    issue: Issue
    mailing: Mailing
    account: Account

    @property
    def not_accepted(self) -> int:
        """Everyone who came to another end."""
        return sum(list(self.account.outcomes.values())[1:])

    @property
    def lasted(self) -> str:
        """How long it took, in words; empty while it goes on."""
        if not (self.mailing.opened_at and self.mailing.finished_at):
            return ""
        return spoken.span((self.mailing.finished_at - self.mailing.opened_at).total_seconds())


@dataclass(frozen=True)
class News:
    """What came since the last draft."""

    month: date
    """Of the issue that would be drafted from it."""
    count: int
    newest: list[Resource]
    several_languages: int
    """Among the newest, how many speak more than one."""
    looked_at: datetime | None
    failing: list[Source]

    @property
    def placed(self) -> int:
        """How many a draft would take."""
        return min(self.count, composing.MOST_PLACED)


@dataclass(frozen=True)
class Glance:
    """The whole page."""

    making: Making | None
    sent: Sent | None
    news: News
    sources: int
    resources: int
    readers: int
    issues: int

    @property
    def is_new(self) -> bool:
        """Nothing was ever drafted here."""
        return self.issues == 0


def glance(session: Session, languages: Sequence[str], zone: ZoneInfo, now: datetime, memory: Memory) -> Glance:
    """This month, as the database tells it; `languages` are those of a new issue."""
    newest = _newest_issues(session)
    making = _making(session, newest, now, memory.readers)
    readers = making.readers if making else memory.readers.by_language(session, languages, now)
    return Glance(
        making=making,
        sent=_sent(session, memory.accounts),
        news=_news(session, newest[0] if newest else None, zone, now),
        sources=_count(session, Source),
        resources=_count(session, Resource),
        readers=sum(readers.values()),
        issues=len(newest),
    )


def following(last: date | None, today: date) -> date:
    """The month of the next issue: this one, or the one behind the last issue's."""
    this = today.replace(day=1)
    return max(this, (last.replace(day=1) + timedelta(days=31)).replace(day=1)) if last else this


def _several(state: CellState, count: int) -> str:
    return "drafts" if state is CellState.DRAFT and count > 1 else state.value


def _newest_issues(session: Session) -> list[Issue]:
    chosen = select(Issue).order_by(Issue.month.desc(), Issue.id.desc()).limit(2)
    return list(session.scalars(chosen.options(selectinload(Issue.passages).selectinload(Passage.wordings))))


def _making(session: Session, newest: Sequence[Issue], now: datetime, readers: Readers) -> Making | None:
    """An issue that waits for its hour comes before one that is only begun."""
    found = [(issue, _mailing(session, issue)) for issue in newest]
    begun = [(issue, mailing) for issue, mailing in found if mailing is None or _is_ahead(mailing)]
    if not begun:
        return None
    issue, mailing = next(((issue, mailing) for issue, mailing in begun if mailing), begun[0])
    rows = matrix(issue)
    lacking = [Lacks(tag, _states(rows, tag)) for tag in issue.languages]
    who = narrower(session, issue.languages, mailing)
    people = who.by_language if who else readers.by_language(session, issue.languages, now)
    return Making(issue, mailing, lacking, people, who)


def _states(rows: Sequence[Row], language: str) -> list[CellState]:
    return [row.states[language] for row in rows]


def _mailing(session: Session, issue: Issue) -> Mailing | None:
    """The issue's mailing; one that was cancelled before it began counts like none."""
    chosen = select(Mailing).where(Mailing.issue_id == issue.id).order_by(Mailing.id.desc())
    mailing = session.scalars(chosen.limit(1)).first()
    if mailing and mailing.state is MailingState.CANCELLED and mailing.opened_at is None:
        return None
    return mailing


def _is_ahead(mailing: Mailing) -> bool:
    return mailing.state in (MailingState.SCHEDULED, MailingState.HELD)


def _sent(session: Session, accounts: Accounts) -> Sent | None:
    begun = select(Mailing).where(Mailing.opened_at.is_not(None)).order_by(Mailing.opened_at.desc())
    mailing = session.scalars(begun.limit(1)).first()
    if mailing is None:
        return None
    return Sent(session.get_one(Issue, mailing.issue_id), mailing, accounts.of(session, mailing))


def _news(session: Session, last: Issue | None, zone: ZoneInfo, now: datetime) -> News:
    since = last.covers_until if last else now - composing.FIRST_WINDOW
    found = shelf.browse(session, Wanted(since=since, issue="none"))
    return News(
        month=following(last.month if last else None, now.astimezone(zone).date()),
        count=found.count,
        newest=found.resources[:NEWS],
        several_languages=sum(len(resource.texts) > 1 for resource in found.resources),
        looked_at=session.scalar(select(func.max(Source.imported_at))),
        failing=list(session.scalars(select(Source).where(Source.failure.is_not(None)).order_by(Source.id))),
    )


def _count(session: Session, table: type[Source | Resource]) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0
