"""When an issue goes, and to whom: a calendar, an audience with its count, what still blocks, the number to confirm."""

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from issues import matrix, waivers
from issues.errors import Blocked, Conflict, NotFound
from issues.findings import Finding
from issues.languages import name_in, own_name
from issues.models import Fallback, Issue
from newsletter import audiences, mending, publishing, zones
from newsletter.delivery import planning
from newsletter.desk import deeds
from newsletter.desk.habits import Habits, habits
from newsletter.desk.models import Member
from newsletter.publishing import When
from newsletter.web import issue_view, spoken
from newsletter.web.access import member_of
from newsletter.web.audience_form import Chosen, Who, Word, who
from newsletter.web.site import Site
from newsletter.web.tongues import sees_addresses
from newsletter.zones import TimeError
from subscribers.errors import BadAudience
from subscribers.grammar import EVERYONE
from subscribers.topics import called

Typed = Annotated[str, Form(max_length=100)]
NOW, COUNT = "now", "count"
_A_LITTLE = timedelta(hours=4)
_SLACK = timedelta(minutes=5)


class Entered(Chosen):
    """What the form holds."""

    day: Word = ""
    """An ISO date, or `now`."""
    at: Word = ""
    late: Word = ""
    readers: Word = ""
    what: Word = ""
    """`count` where a browser without script asks only who would get it."""


@dataclass(eq=False)
class Problem(Exception):
    """What is wrong with one field of the form."""

    where: str
    words: str


@dataclass(frozen=True)
class Row:
    """One edition, and what it lacks."""

    language: str
    left_out: int
    blocking: int


@dataclass(frozen=True)
class Month:
    """A page of the calendar: weeks of days, nothing where a day is of another month."""

    name: str
    weeks: list[list[date | None]] = field(default_factory=list)


def make_router(site: Site) -> APIRouter:
    """The page that schedules an issue."""
    router = APIRouter(prefix="/desk/issues")

    @router.get("/{slug}/schedule", name="schedule")
    def ask(request: Request, slug: str) -> Response:
        with site.database.read() as session:
            issue = found_issue(session, slug)
            if mailing := planning.of_issue(session, issue.id):
                return RedirectResponse(f"{site.root}/desk/mailings/{mailing.id}", status_code=303)
            return _page(site, request, session, issue, _proposed(habits(session), _local(site)))

    @router.post("/{slug}/schedule", name="schedule_set")
    def schedule(request: Request, slug: str, entered: Annotated[Entered, Form()]) -> Response:
        try:
            if entered.what == COUNT:
                with site.database.read() as session:
                    return _page(site, request, session, found_issue(session, slug), entered)
            with site.database.write() as session:
                number = _schedule(site, session, found_issue(session, slug), entered, member_of(request))
        except Problem as problem:
            with site.database.read() as session:
                return _page(site, request, session, found_issue(session, slug), entered, problem)
        return RedirectResponse(f"{site.root}/desk/mailings/{number}", status_code=303)

    @router.post("/{slug}/schedule/waive", name="schedule_waive")
    def waive(
        request: Request, slug: str, check: Typed, language: Typed = "", reason: Annotated[str, Form()] = ""
    ) -> Response:
        """Let it go in spite of a check; who said so is kept."""
        with site.database.write() as session:
            issue = found_issue(session, slug)
            try:
                by = member_of(request).name
                waivers.waive(session, issue, check, language, by=by, now=site.clock(), reason=reason[:500])
            except NotFound:
                raise HTTPException(404) from None
            deeds.record(session, member_of(request).id, "waived", f"{slug}: {check} {language}".strip(), site.clock())
        return RedirectResponse(f"{site.root}/desk/issues/{slug}/schedule", status_code=303)

    _make_counting(router, site)
    return router


def _make_counting(router: APIRouter, site: Site) -> None:
    @router.get("/{slug}/schedule/who", name="schedule_who")
    def count(request: Request, slug: str, chosen: Annotated[Chosen, Query()]) -> Response:
        """Who would get it, as a part of the page: asked for whenever the choice changes."""
        with site.database.read() as session:
            issue = found_issue(session, slug)
            counted, problem = _who(session, issue, chosen)
            blocking = _blocking(site, session, issue)
            return site.desk(
                request,
                "desk/mailings/who.html",
                entered=Entered(),
                problem=problem,
                **_table(request, session, issue, counted, blocking),
            )


def found_issue(session: Session, slug: str) -> Issue:
    """The issue of this name, or 404."""
    try:
        return issue_view.load(session, slug)
    except NotFound:
        raise HTTPException(404) from None


def _local(site: Site) -> datetime:
    return site.clock().astimezone(ZoneInfo(site.settings.timezone))


def _proposed(habit: Habits, local: datetime) -> Entered:
    """The next day at the usual hour."""
    late = (datetime.combine(local, habit.send_at) + _A_LITTLE).time()
    tomorrow = str(local.date() + timedelta(days=1))
    return Entered(day=tomorrow, at=f"{habit.send_at:%H:%M}", late=f"{late:%H:%M}")


def _schedule(site: Site, session: Session, issue: Issue, entered: Entered, member: Member) -> int:
    now, habit = site.clock(), habits(session)
    when = _when(entered, ZoneInfo(site.settings.timezone), habit, now)
    counted, problem = _who(session, issue, entered)
    if problem:
        raise problem
    _confirm(counted, habit, entered.readers)
    try:
        mailing = publishing.schedule(session, issue, when, site.newsletter.press, now, entered.audience)
    except (Blocked, Conflict) as error:
        raise Problem("day", _first_sentence(str(error))) from None
    deeds.record(session, member.id, "scheduled", f"{issue.slug} for {zones.show(mailing.due_at, mailing.zone)}", now)
    return mailing.id


def _when(entered: Entered, zone: ZoneInfo, habit: Habits, now: datetime) -> When:
    """The chosen time, and after it the time to think: only then the first mail leaves."""
    thinking = timedelta(minutes=habit.cooling_off)
    if entered.day == NOW:
        return When(now + thinking, zone.key)
    chosen = _read("day", f"{entered.day} {entered.at}", zone, now)
    latest = _read("late", f"{entered.day} {entered.late}", zone, now) if entered.late else None
    if chosen < now - _SLACK:
        raise Problem("day", f"{entered.at} on that day has passed: choose a later time, or “now”.")
    if latest and latest < chosen:
        latest += timedelta(days=1)  # after midnight
    due = max(chosen, now) + thinking
    if latest and latest < due:
        raise Problem("late", f"The first mail leaves at {spoken.clock(due, zone)}, so this must be later.")
    return When(due, zone.key, latest)


def _read(where: str, text: str, zone: ZoneInfo, now: datetime) -> datetime:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?", text):
        raise Problem(where, "Choose a day, and an hour like 10:00.")
    try:
        return zones.read(text, zone, now)
    except TimeError as error:
        raise Problem(where, str(error)) from None


def _confirm(counted: Who, habit: Habits, typed: str) -> None:
    if _is_confirmed(counted, habit) and re.sub(r"\D", "", typed) != str(counted.people):
        raise Problem("readers", f"{spoken.number(counted.people)} people will get it: type that number.")


def _is_confirmed(counted: Who, habit: Habits) -> bool:
    """Whether its number is typed; one that is not shown cannot be."""
    return counted.people > habit.confirm_above and not counted.is_few


def _first_sentence(words: str) -> str:
    """Without the part in brackets that names a command."""
    return re.sub(r" \(`newsletter.*", "", words).rstrip(".") + "."


def _page(
    site: Site, request: Request, session: Session, issue: Issue, entered: Entered, problem: Problem | None = None
) -> Response:
    blocking = _blocking(site, session, issue)
    counted, wrong = _who(session, issue, entered)
    problem = problem or wrong
    local = _local(site)
    return site.desk(
        request,
        "desk/mailings/schedule.html",
        status=422 if problem else 200,
        here="Issues",
        month=f"{issue.month:%B}",
        entered=entered,
        choices=audiences.choices(session),
        topic_name=lambda topic: called(topic, "en"),
        problem=problem,
        **_table(request, session, issue, counted, blocking),
        blocking=mending.points(issue, blocking, []),
        months=_months(local.date()),
        today=local.date(),
        zone=spoken.zone_name(ZoneInfo(site.settings.timezone)),
    )


def _blocking(site: Site, session: Session, issue: Issue) -> list[Finding]:
    return [finding for finding in publishing.check(session, issue, site.newsletter.press) if finding.blocks]


def _who(session: Session, issue: Issue, chosen: Chosen) -> tuple[Who, Problem | None]:
    """Who is chosen; everyone, and what is wrong, where that is no audience."""
    try:
        return who(session, issue.languages, chosen.audience), None
    except BadAudience as problem:
        return who(session, issue.languages, EVERYONE), Problem("who", str(problem))


def _table(
    request: Request, session: Session, issue: Issue, counted: Who, blocking: Sequence[Finding]
) -> dict[str, Any]:
    """What the table of who gets which edition shows."""
    habit = habits(session)
    return {
        "issue": issue,
        "rows": _rows(issue, blocking),
        "who": replace(counted, is_exact=sees_addresses(request)),
        "habit": habit,
        "confirmed": _is_confirmed(counted, habit),
        "omits": issue.fallback is Fallback.OMIT,
        "say": spoken,
        "own_name": own_name,
        "name_in": name_in,
    }


def _rows(issue: Issue, blocking: Sequence[Finding]) -> list[Row]:
    missing = matrix.missing(issue)
    return [
        Row(
            language,
            len(missing[language]),
            sum(finding.language in (language, "") for finding in blocking),
        )
        for language in issue.languages
    ]


def _months(today: date) -> list[Month]:
    """This month and the next."""
    following = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    pages = calendar.Calendar(firstweekday=calendar.SUNDAY)
    return [
        Month(
            f"{first:%B %Y}",
            [
                [day if day.month == first.month else None for day in week]
                for week in pages.monthdatescalendar(first.year, first.month)
            ],
        )
        for first in (today.replace(day=1), following)
    ]
