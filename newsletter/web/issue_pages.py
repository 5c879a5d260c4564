"""The issues, and the editor of one: matrix, outline, text and preview."""

import re
from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from issues import composing
from issues.errors import IssueError, NotFound, Unreadable
from issues.languages import direction, name_in, own_name
from issues.models import Fallback, Issue
from newsletter.delivery import planning
from newsletter.delivery.models import Mailing, MailingState
from newsletter.desk import deeds
from newsletter.desk.models import Member
from newsletter.web import issue_list, issue_view, spoken
from newsletter.web.access import member_of
from newsletter.web.audience_form import narrower
from newsletter.web.issue_desk import Place, editor_path, refused
from newsletter.web.issue_toast import toast
from newsletter.web.issue_view import View, may_arrange, may_write
from newsletter.web.site import Site

ON_A_PAGE = 24
MOST_OFFERED = 60

_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")


def make_router(site: Site) -> APIRouter:
    """The list, the draft and the editor."""
    router = APIRouter(prefix="/desk/issues")
    _list_routes(router, site)

    @router.get("/{slug}", name="editor")
    def editor(request: Request, slug: str, text: str = "", to: str = "", show: str = "") -> Response:
        """The issue: what needs someone, its outline, one text, and how it will look."""
        asked = {"text": text, "to": to, "show": show}
        with site.database.read() as session:
            try:
                issue = issue_view.load(session, slug)
            except NotFound as error:
                return _none(site, request, error)
            member = member_of(request)
            view = View(session, issue, member, site.clock(), site.settings.timezone, asked)
            return _editor(site, request, session, view)

    return router


def _list_routes(router: APIRouter, site: Site) -> None:
    @router.get("", name="issues")
    def issues(request: Request, before: str = "") -> Response:
        with site.database.read() as session:
            return _list(site, request, session, before)

    @router.post("", name="draft_issue")
    def draft(
        request: Request,
        month: Annotated[str, Form(max_length=10)] = "",
        empty: Annotated[str, Form(max_length=3)] = "",
    ) -> Response:
        """A draft of what is new; where nothing is, the page asks whether an empty one is meant."""
        try:
            with site.database.write() as session:
                slug = _draft(site, session, month, empty == "yes", member_of(request))
        except IssueError as error:
            with site.database.read() as session:
                nothing_new = month if isinstance(error, NotFound) else ""
                return _list(site, request, session, "", str(error), nothing_new)
        return RedirectResponse(editor_path(site, slug, Place()), status_code=303)


def _editor(site: Site, request: Request, session: Session, view: View) -> Response:
    issue, member = view.issue, view.member
    mailing = planning.of_issue(session, issue.id)
    return site.desk(
        request,
        "desk/issues/editor.html",
        here="Issues",
        current="true",
        view=view,
        issue=issue,
        toast=toast(site, view, request.query_params),
        mailing=mailing,
        goes=_goes(view, mailing, _readers(site, session, issue, mailing)),
        offered=_offered(session, issue) if may_arrange(member) else [],
        preview=_preview(request, view),
        may_arrange=may_arrange(member),
        may_write=may_write,
        name_in=name_in,
        own_name=own_name,
        way=direction,
    )


def _preview(request: Request, view: View) -> dict[str, str]:
    """How the preview was set, in the address of a page without script."""
    asked = request.query_params
    language = asked.get("p", view.to)
    return {
        "language": language if language in view.issue.languages else view.to,
        "nameless": "yes" if asked.get("nameless") == "yes" else "",
        "plain": "yes" if asked.get("plain") == "yes" else "",
        "size": "paper" if asked.get("size") == "paper" else "phone",
        "scheme": "dark" if asked.get("scheme") == "dark" else "light",
    }


def _offered(session: Session, issue: Issue) -> list[tuple[int, str]]:
    """Number and title of what could be placed, the newest first."""
    found = composing.on_offer(session, issue, most=MOST_OFFERED)
    return [(resource.id, next(text.title for text in resource.texts if text.title.strip())) for resource in found]


_GOES = {
    MailingState.SCHEDULED: "Goes {day}, {hour} in {zone}, to {readers}",
    MailingState.HELD: "It asks before it goes to {readers}",
    MailingState.SENDING: "Is on its way to {readers}",
    MailingState.PAUSED: "Is paused on its way to {readers}",
    MailingState.CANCELLED: "Was stopped on its way to {readers}, {when}",
    MailingState.FINISHED: "Went to {readers}, {when}",
}


def _goes(view: View, mailing: Mailing | None, people: str) -> str:
    """When the issue goes and to how many, in a sentence."""
    if mailing is None:
        return f"Not scheduled yet; it would go to {people}"
    zone = ZoneInfo(mailing.zone)
    return _GOES[mailing.state].format(
        day=spoken.day(mailing.due_at, zone),
        hour=spoken.clock(mailing.due_at, zone),
        zone=spoken.zone_name(zone),
        when=view.day(mailing.opened_at or mailing.due_at),
        readers=people,
    )


def _readers(site: Site, session: Session, issue: Issue, mailing: Mailing | None) -> str:
    """Those whom the mailing counted when it began; before that, those who would get it now."""
    if waiting := narrower(session, issue.languages, mailing):
        return f"{waiting.total} {waiting.words}"
    if mailing and mailing.opened_at:
        people = site.memory.accounts.of(session, mailing).people
    else:
        people = sum(site.memory.readers.by_language(session, issue.languages, site.clock()).values())
    return f"{spoken.number(people)} {'reader' if people == 1 else 'readers'}"


def _list(
    site: Site, request: Request, session: Session, before: str, problem: str = "", nothing_new: str = ""
) -> Response:
    rows = select(Issue).order_by(Issue.month.desc(), Issue.id.desc()).limit(ON_A_PAGE + 1)
    if known := _MONTH.fullmatch(before):
        rows = rows.where(Issue.month < date(int(known[1]), int(known[2]), 1))
    found = list(session.scalars(rows))
    listed, now = issue_list.listed(session, found[:ON_A_PAGE]), site.clock()
    return site.desk(
        request,
        "desk/issues/list.html",
        status=409 if problem else 200,
        here="Issues",
        listed=listed,
        more=f"{listed[-1].issue.month:%Y-%m}" if len(found) > ON_A_PAGE else "",
        problem=problem,
        nothing_new=nothing_new,
        month=f"{issue_list.next_missing(session, now.astimezone(site.newsletter.zone).date()):%Y-%m}",
        day=lambda moment: issue_view.day(moment, now, site.settings.timezone),
        may_arrange=may_arrange(member_of(request)),
        own_name=own_name,
    )


def _draft(site: Site, session: Session, month: str, empty: bool, member: Member) -> str:
    known = _MONTH.fullmatch(month)
    if known is None:
        raise Unreadable("a month is written like 2026-12")
    issue = composing.draft(
        session,
        slug=month,
        month=date(int(known[1]), int(known[2]), 1),
        languages=site.settings.languages,
        fallback=Fallback.LABEL,
        now=site.clock(),
        by=member.name,
        empty=empty,
    )
    deeds.record(session, member.id, "drafted an issue", issue.slug, site.clock())
    return issue.slug


def _none(site: Site, request: Request, error: IssueError) -> Response:
    return refused(site, request, "", Place(), error)
