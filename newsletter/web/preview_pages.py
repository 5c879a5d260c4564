"""How an issue will look to its readers, what is still to mend, and how large each edition is."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from issues import waivers
from issues.errors import IssueError, NotFound, TemplateBroken
from issues.languages import direction, name_in, own_name
from issues.models import Issue
from newsletter import mending, publishing
from newsletter.desk import deeds
from newsletter.mending import Point
from newsletter.mime.headers import HeaderError
from newsletter.preflight import size
from newsletter.preflight.finished import read
from newsletter.web import issue_view
from newsletter.web.access import member_of
from newsletter.web.issue_desk import Back, Place, Typed, answered, back, changing, editor_path, refused
from newsletter.web.link_pages import links_of
from newsletter.web.opened_mail import OpenedMail
from newsletter.web.site import Site

GMAIL = 102_000
"""Bytes of HTML after which Gmail cuts a mail."""

LONGEST_BAR = 120_000

_FRAME = {
    # No script, no form; styles of the mail's own, pictures of this host. The page around may read where it is
    # scrolled to, so that a new preview stands where the old one stood; a link opens in a window of its own.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox",
    "Cross-Origin-Opener-Policy": "unsafe-none",
}


@dataclass(frozen=True)
class Size:
    """How large one edition is, in KB and on a bar of a hundred."""

    language: str
    kilobytes: int
    words: str

    @property
    def verdict(self) -> str:
        if self.kilobytes * 1000 >= size.BLOCK:
            return "too long"
        return "nearly full" if self.kilobytes * 1000 >= size.WARN else "fits"

    @property
    def length(self) -> float:
        return round(min(100.0, 100_000 * self.kilobytes / LONGEST_BAR), 1)


def make_router(site: Site) -> APIRouter:
    """The preview for the frame, and the checks."""
    router = APIRouter(prefix="/desk/issues/{slug}")
    _waiving(router, site)

    @router.get("/preview", name="preview")
    def preview(slug: str, language: str = "", name: str = "Ana", text: str = "", scheme: str = "light") -> Response:
        """The edition as a reader would get it, from what is saved. `name` empty: a reader who gave none."""
        scheme = "dark" if scheme == "dark" else "light"
        with site.database.read() as session:
            try:
                issue = issue_view.load(session, slug)
                tag = language if language in issue.languages else issue.source_language
                return _frame(_mail(site, issue, tag, name[:80]), tag, text == "yes", scheme)
            except (IssueError, HeaderError) as error:
                return _said(str(error), scheme)

    @router.get("/checks", name="checks")
    def checks(request: Request, slug: str) -> Response:
        """What is to mend, and the sizes: a page of its own, of which the editor's script takes the parts."""
        trying = site.memory.rounds.standing(slug)  # before the database is read: what ends meanwhile is seen next time
        with site.database.read() as session:
            try:
                issue = issue_view.load(session, slug)
                points, problem = _points(site, session, issue)
            except NotFound as error:
                return refused(site, request, "", Place(), error)
            return site.desk(
                request,
                "desk/issues/checks.html",
                here="Issues",
                current="true",
                issue=issue,
                points=points,
                links=links_of(site, session, issue, trying),
                problem=problem,
                sizes=[] if problem else list(_sizes(site, issue)),
                gmail=100 * GMAIL / LONGEST_BAR,
                may_arrange=issue_view.may_arrange(member_of(request)),
                name_in=name_in,
                own_name=own_name,
                way=direction,
                editor=editor_path(site, slug, Place()),
            )

    return router


def _waiving(router: APIRouter, site: Site) -> None:
    @router.post("/waive", name="waive")
    def waive(
        request: Request, slug: str, at: Back, check: Typed = "", language: Typed = "", reason: Typed = ""
    ) -> Response:
        """By name and with a reason, since somebody else will ask why."""
        member = member_of(request)

        def change() -> Response:
            with changing(site, slug) as (session, issue):
                waivers.waive(session, issue, check, language, by=member.name, now=site.clock(), reason=reason)
                deeds.record(session, member.id, "waived a check", f"{slug} {check} {language}", site.clock())
            return back(site, slug, at, did="waived", of=check, was=language)

        return answered(site, request, slug, at, change)

    @router.post("/unwaive", name="unwaive")
    def unwaive(request: Request, slug: str, at: Back, check: Typed = "", language: Typed = "") -> Response:
        member = member_of(request)

        def change() -> Response:
            with changing(site, slug) as (session, issue):
                waivers.take_back(session, issue, check, language)
                deeds.record(session, member.id, "took a waiver back", f"{slug} {check} {language}", site.clock())
            return back(site, slug, at, did="unwaived")

        return answered(site, request, slug, at, change)


def _mail(site: Site, issue: Issue, language: str, name: str) -> OpenedMail:
    newsletter = site.newsletter
    rendered = site.memory.renderings.of(issue, language, newsletter.brand)
    data = publishing.sample_message(rendered, language, issue.slug, newsletter.press, name=name, date=issue.created_at)
    return OpenedMail(data)


def _frame(mail: OpenedMail, language: str, plain: bool, scheme: str) -> Response:
    if plain:
        return _page(f'<pre dir="{direction(language)}" lang="{language}">{html.escape(mail.text)}</pre>', scheme)
    return _in_scheme(re.sub("<head[^<>]{0,200}>", r'\g<0><base target="_blank">', mail.html, count=1), scheme)


def _in_scheme(page: str, scheme: str) -> Response:
    """The page as it looks on a machine set to light or dark, whatever this one is set to."""
    holds = "(min-width: 0)" if scheme == "dark" else "(max-width: 0)"
    page = re.sub(r"\(\s*prefers-color-scheme\s*:\s*dark\s*\)", holds, page)
    return HTMLResponse(
        re.sub(r"(color-scheme\W{1,20}(?:content=\")?)light dark", rf"\g<1>{scheme}", page), headers=_FRAME
    )


def _said(sentence: str, scheme: str) -> Response:
    """Why there is no preview, in the place of the preview."""
    return _page(f"<p>There is no preview yet: {html.escape(sentence)}</p>", scheme)


_STYLE = (
    "body{margin:1rem;font:15px/1.6 system-ui,sans-serif;color:#22304a;background:#fffdf9}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;font:14px/1.6 ui-monospace,monospace}"
    "@media (prefers-color-scheme:dark){body{color:#dde2ee;background:#1a2030}}"
)
_PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
    f"<title>Preview</title><style>{_STYLE}</style></head><body>%s</body></html>"
)


def _page(body: str, scheme: str) -> Response:
    return _in_scheme(_PAGE.replace("%s", "", 1).replace("<body>", f"<body>{body}", 1), scheme)


def _points(site: Site, session: Session, issue: Issue) -> tuple[list[Point], str]:
    try:
        findings = publishing.check(session, issue, site.newsletter.press)
    except TemplateBroken as error:
        return [], str(error)
    return mending.points(issue, findings, waivers.waivers(session, issue)), ""


def _sizes(site: Site, issue: Issue) -> Iterator[Size]:
    """Of each edition's HTML as it goes over the wire: so Gmail counts it."""
    newsletter = site.newsletter
    for language in issue.languages:
        rendered = site.memory.renderings.of(issue, language, newsletter.brand)
        data = publishing.sample_message(
            rendered, language, issue.slug, newsletter.press, name="A Reader", date=issue.created_at
        )
        finished = read(data, language, newsletter.brand.postal_address)
        texts = (passage.wording(language) for passage in issue.passages)
        words = {str(number): " ".join(w.fields.values()) for number, w in enumerate(texts) if w}
        yield Size(language, round(finished.html_bytes / 1000), issue_view.counted(words))
