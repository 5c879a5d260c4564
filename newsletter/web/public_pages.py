"""Pages for readers: leaving by the link in a mail, and undo. They need no cookie, no login and no script."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.web.site import Site, page_language
from subscribers.leaving import Standing, leave, standing, undo
from subscribers.models import Subscriber
from subscribers.tokens import Purpose, read


def make_router(site: Site) -> APIRouter:
    """The routes under /u/."""
    router = APIRouter()

    @router.api_route("/u/{token}", methods=["GET", "HEAD"])
    def ask(request: Request, token: str) -> HTMLResponse:
        """A page with one button. It changes nothing: mail scanners follow every link."""
        person = read(site.vault, Purpose.LEAVE, token)
        if person is None:
            return _bad_link(site, request)
        with site.database.read() as session:
            stands = standing(session, person, site.clock())
            language = _language(session, request, person)
        if stands is Standing.ON_LIST:
            return site.page("public/leave.html", language)
        return _left(site, language, token, stands)

    @router.post("/u/{token}")
    def one_click(request: Request, token: str) -> HTMLResponse:
        """Leave (RFC 8058). Whoever has the link may press: what the body says, and how, is not asked."""
        person = read(site.vault, Purpose.LEAVE, token)
        if person is None:
            return _bad_link(site, request)
        with site.database.write() as session:
            stands = leave(session, person, site.clock())
            language = _language(session, request, person)
        return _left(site, language, token, stands)

    @router.post("/u/{token}/undo")
    def stay(request: Request, token: str) -> HTMLResponse:
        """Undo leaving, from the page alone."""
        person = read(site.vault, Purpose.LEAVE, token)
        if person is None:
            return _bad_link(site, request)
        with site.database.write() as session:
            stands = undo(session, person, site.clock())
            language = _language(session, request, person)
        if stands is Standing.ON_LIST:
            return site.page("public/stayed.html", language)
        return site.page("public/too_late.html", language, status=410)

    return router


def _bad_link(site: Site, request: Request) -> HTMLResponse:
    """The same page for every link that was not made here: nothing is to be learned from trying."""
    return site.page("public/bad_link.html", page_language(request), status=404)


def _left(site: Site, language: str, token: str, stands: Standing) -> HTMLResponse:
    undo_at = f"{site.root}/u/{token}/undo" if stands is Standing.LEFT else ""
    return site.page("public/left.html", language, undo=undo_at)


def _language(session: Session, request: Request, person: int) -> str:
    languages = session.scalar(select(Subscriber.languages).where(Subscriber.id == person))
    return page_language(request, languages or "")
