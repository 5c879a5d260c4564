"""What the demonstration made: its issues, their frozen editions, and the account of the newest mailing.

These pages ask nobody who they are, so they are there in a demonstration only.
"""

import re
from dataclasses import dataclass

from fastapi import APIRouter, HTTPException
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session, load_only

from issues.languages import direction, name_in, own_name
from issues.models import Edition, Issue
from newsletter import publishing, zones
from newsletter.delivery import account
from newsletter.delivery.account import Account
from newsletter.delivery.models import OUTCOMES, MailingState, State
from newsletter.web.inbox_pages import newest_first
from newsletter.web.opened_mail import OpenedMail, framing, html_answer, raw_answer, text_answer
from newsletter.web.pictures import figures, of_outcomes
from newsletter.web.site import Site
from newsletter.wiring import Newsletter

HEADINGS = {
    MailingState.SCHEDULED: "{month} waits for its hour.",
    MailingState.HELD: "{month} asks before it goes.",
    MailingState.SENDING: "{month} is going out.",
    MailingState.PAUSED: "{month} is paused.",
    MailingState.CANCELLED: "{month} was cancelled.",
    MailingState.FINISHED: "{month} went out.",
}


@dataclass(frozen=True)
class Printed:
    """An issue in the list, with the newest frozen edition of each language."""

    month: str
    slug: str
    editions: list[Edition]


@dataclass(frozen=True)
class Report:
    """The newest mailing."""

    heading: str
    due: str
    note: str
    account: Account
    rows: list[tuple[str, dict[State, int]]]
    """The account by language, in the issue's order."""


def make_router(site: Site) -> APIRouter:
    """The overview and the editions; nothing but in a demonstration."""
    router = APIRouter()
    if not site.settings.demo:
        return router

    @router.get("/", name="overview")
    def overview() -> Response:
        """The newest mailing's account, the issues with their editions, and the way to the inbox."""
        caught = len(newest_first(site.settings.home / "inbox"))
        with site.database.read() as session:
            return _overview(site, _report(session), _issues(session), caught)

    @router.get("/editions/{number}", name="edition")
    def edition(number: str) -> Response:
        """One edition, on paper and on a phone."""
        with site.database.read() as session:
            return _edition(site, session, _found(session, number))

    @router.get("/editions/{number}/html", name="edition_html")
    def html(number: str) -> Response:
        return html_answer(OpenedMail(_sample(site, number)).html)

    @router.get("/editions/{number}/text", name="edition_text")
    def text(number: str) -> Response:
        return text_answer(OpenedMail(_sample(site, number)).text)

    @router.get("/editions/{number}/raw", name="edition_raw")
    def raw(number: str) -> Response:
        return raw_answer(_sample(site, number))

    return router


def _overview(site: Site, report: Report | None, issues: list[Printed], caught: int) -> Response:
    return site.page(
        "editions/overview.html",
        "en",
        report=report,
        stretches=of_outcomes(report.account.outcomes, report.account.people) if report else [],
        figures=figures(report.account.outcomes) if report else [],
        outcomes=OUTCOMES,
        issues=issues,
        caught=caught,
        name_in=name_in,
        own_name=own_name,
        way=direction,
    )


def _edition(site: Site, session: Session, edition: Edition) -> Response:
    issue = session.get_one(Issue, edition.issue_id)
    page = site.page(
        "editions/edition.html",
        "en",
        edition=edition,
        frozen=zones.show(edition.frozen_at, site.settings.timezone),
        month=_month(issue),
        siblings=_newest(session, issue),
        own_name=own_name,
        way=direction,
    )
    return framing(page)


def _found(session: Session, number: str) -> Edition:
    """The edition of this number, or 404, also for what no database would take for one."""
    edition = session.get(Edition, int(number)) if re.fullmatch("[0-9]{1,9}", number) else None
    if edition is None:
        raise HTTPException(404)
    return edition


def _sample(site: Site, number: str) -> bytes:
    """The message that a reader called Ana would get."""
    with site.database.read() as session:
        edition = _found(session, number)
        slug = session.get_one(Issue, edition.issue_id).slug
        press = Newsletter(site.settings, site.database).press
        return publishing.sample_message(edition, edition.language, slug, press, name="Ana", date=edition.frozen_at)


def _issues(session: Session) -> list[Printed]:
    """All issues, the newest first."""
    issues = session.scalars(select(Issue).order_by(Issue.month.desc(), Issue.id.desc()))
    return [Printed(_month(issue), issue.slug, _newest(session, issue)) for issue in issues]


def _newest(session: Session, issue: Issue) -> list[Edition]:
    """The newest frozen edition per language, in the issue's order of languages."""
    rows = select(Edition).where(Edition.issue_id == issue.id).order_by(Edition.id)
    listed = rows.options(load_only(Edition.language, Edition.subject))  # the HTML is a thousand times as long
    newest = {edition.language: edition for edition in session.scalars(listed)}
    return [newest[language] for language in issue.languages if language in newest]


def _report(session: Session) -> Report | None:
    lines = account.lines(session)
    if not lines:
        return None
    mailing = lines[0].mailing
    issue = session.get_one(Issue, mailing.issue_id)
    counted = account.account(session, mailing.id)
    return Report(
        heading=HEADINGS[mailing.state].format(month=_month(issue)),
        due=zones.show(mailing.due_at, mailing.zone),
        note=mailing.note,
        account=counted,
        rows=[(tag, counted.by_language[tag]) for tag in issue.languages if tag in counted.by_language],
    )


def _month(issue: Issue) -> str:
    return f"{issue.month:%B %Y}"
