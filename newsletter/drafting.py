"""The draft that is made by itself, on the day that the habits name, and the mail that tells the editors of it."""

import calendar
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from issues import composing, waivers
from issues.errors import NotFound, TemplateBroken
from issues.languages import name_in
from issues.matrix import CellState, matrix
from issues.models import Fallback, Issue, PassageKind
from newsletter import mending, publishing
from newsletter.config import Settings
from newsletter.desk import deeds, habits
from newsletter.desk.habits import Habits
from newsletter.desk.models import DraftDay, Member, Role
from newsletter.notices import outbox
from newsletter.publishing import Press
from subscribers.vault import Vault

LATE = timedelta(days=7)
"""So long a draft of the month before is still made, if nothing ran on its day; one of this month, all month long."""

MOST_NAMED = 12
"""Checks that the mail names; the desk shows all."""

_MEND = {"blocks": "To mend before it goes", "warns": "Better mended", "waived": "Waived"}

BETWEEN = " | "
"""Parts the lines of a list within one value of a letter."""


def due_day(habit: Habits, zone: ZoneInfo, now: datetime) -> date | None:
    """The newest day whose hour has come and on which a draft is to be made, or nothing where none is."""
    if not habit.draft_day:
        return None
    this = now.astimezone(zone).date().replace(day=1)
    moment = moment_in(this, habit, zone)
    if moment <= now:
        return moment.astimezone(zone).date()
    before = moment_in(this - timedelta(days=1), habit, zone)
    return before.astimezone(zone).date() if now - before <= LATE else None


def next_moment(habit: Habits, zone: ZoneInfo, now: datetime) -> datetime | None:
    """When the next draft is made by itself; nothing where none ever is."""
    if not habit.draft_day:
        return None
    this = now.astimezone(zone).date().replace(day=1)
    moment = moment_in(this, habit, zone)
    return moment if moment > now else moment_in(this + timedelta(days=31), habit, zone)


def moment_in(month: date, habit: Habits, zone: ZoneInfo) -> datetime:
    """The hour of the draft in the month of this day: the last day of a shorter month, in UTC.

    An hour that the clocks leave out comes after the gap; one that they repeat is the first of the two.
    """
    day = min(habit.draft_day, calendar.monthrange(month.year, month.month)[1])
    return datetime.combine(month.replace(day=day), habit.draft_at, tzinfo=zone).astimezone(UTC)


def is_due(session: Session, zone: ZoneInfo, now: datetime) -> bool:
    """Whether `draft_due` would have anything to do: a look that takes no lock."""
    day = due_day(habits.habits(session), zone, now)
    return day is not None and session.get(DraftDay, day) is None


def begin_anew(session: Session, zone: ZoneInfo, now: datetime) -> None:
    """The habit was changed: a day that lies before this is over, as if its draft had been made."""
    if day := due_day(habits.habits(session), zone, now):
        _claim(session, day, now)


def draft_due(session: Session, vault: Vault, settings: Settings, press: Press, now: datetime) -> Issue | None:
    """Make the draft that is due and queue the mails, all in the caller's transaction; nothing where none is due.

    Any number of processes may ask at once: one of them claims the day, and a day is claimed once.
    """
    day = due_day(habits.habits(session), ZoneInfo(settings.timezone), now)
    if day is None or not _claim(session, day, now):
        return None
    month = day.replace(day=1)
    if session.scalar(select(Issue.id).where(or_(Issue.month == month, Issue.slug == f"{month:%Y-%m}"))):
        return None
    try:
        issue = composing.draft(
            session,
            slug=f"{month:%Y-%m}",
            month=month,
            languages=settings.languages,
            fallback=Fallback.LABEL,
            now=now,
        )
    except NotFound:
        _tell(session, vault, "nothing-new", _nothing(settings, press, month), now)
        return None
    deeds.record(session, None, "drafted an issue", issue.slug, now)
    _tell(session, vault, "drafted", _letter(session, issue, settings, press), now)
    return issue


def lacks(issue: Issue) -> Iterator[str]:
    """What each language still needs: `Spanish: 3 texts missing, 2 to approve`."""
    for language in issue.languages:
        states = [row.states[language] for row in matrix(issue)]
        missing, stale, drafts = (states.count(s) for s in (CellState.MISSING, CellState.STALE, CellState.DRAFT))
        counted = ((missing, "missing"), (stale, "stale"), (drafts, "to read and approve"))
        said = ", ".join(f"{count} {what}" for count, what in counted if count)
        yield f"{name_in(language, 'en')}: {said or 'every text is approved'}"


def _claim(session: Session, day: date, now: datetime) -> bool:
    """Whether this transaction is the one that claims the day; another one waits for how it ends."""
    kind = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    claimed = kind.insert(DraftDay).values(day=day, at=now).on_conflict_do_nothing().returning(DraftDay.day)
    return session.scalar(claimed) is not None


def _tell(session: Session, vault: Vault, template: str, values: dict[str, str], now: datetime) -> None:
    """A letter for everyone who makes issues."""
    makers = select(Member).where(Member.role.in_((Role.OWNER, Role.EDITOR)), Member.ended_at.is_(None))
    for member in session.scalars(makers.order_by(Member.id)):
        address = vault.open_address(member.sealed_address, member.address_hash)
        outbox.queue(session, vault, address, template, values, now)


def _letter(session: Session, issue: Issue, settings: Settings, press: Press) -> dict[str, str]:
    placed = sum(passage.kind is PassageKind.RESOURCE for passage in issue.passages)
    return {
        "brand": press.brand.name,
        "month": f"{issue.month:%B}",
        "resources": f"{placed} new {'resource' if placed == 1 else 'resources'}",
        "more": str(len(composing.on_offer(session, issue))),
        "lacks": BETWEEN.join(lacks(issue)),
        "checks": BETWEEN.join(_checks(session, issue, press)),
        "link": f"{settings.base_url}/desk/issues/{issue.slug}",
    }


def _checks(session: Session, issue: Issue, press: Press) -> Iterator[str]:
    """The same list as at the desk, a line for each."""
    try:
        findings = publishing.check(session, issue, press)
    except TemplateBroken as error:
        yield f"They could not be run: {error}"
        return
    points = mending.points(issue, findings, waivers.waivers(session, issue))
    for point in points[:MOST_NAMED]:
        languages = ", ".join(name_in(tag, "en") for tag in point.languages)
        yield f"{_MEND[point.kind]}: {point.heading}{f' ({languages})' if languages else ''}"
    if len(points) > MOST_NAMED:
        yield f"And {len(points) - MOST_NAMED} more"


def _nothing(settings: Settings, press: Press, month: date) -> dict[str, str]:
    return {"brand": press.brand.name, "month": f"{month:%B}", "link": f"{settings.base_url}/desk/resources"}
