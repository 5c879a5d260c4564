"""Pages for readers: leaving by the link in a mail, and undo. They need no cookie, no login and no script."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.web.site import Site, page_language
from newsletter.web.together import Together
from subscribers.journal import note_return
from subscribers.leaving import Standing, leave_all, standing, undo
from subscribers.models import Subscriber
from subscribers.tokens import Purpose, read


class Deed(Protocol):
    """What is done to the person with this number, and where they stand then."""

    def __call__(self, session: Session, subscriber_id: int, now: datetime, /, *, undo_for: timedelta) -> Standing: ...


Transactions = Callable[[], AbstractContextManager[Session]]

LEAVING = {Standing.ON_LIST: "leave", Standing.LEFT: "left", Standing.GONE: "left"}
STAYING = {Standing.ON_LIST: "stayed", Standing.LEFT: "too_late", Standing.GONE: "too_late"}
"""The page for where somebody stands, by what they came for."""


def make_router(site: Site) -> APIRouter:
    """The routes under /u/."""
    router = APIRouter()
    leaving = Together(partial(_leave, site))

    @router.api_route("/u/{token}", methods=["GET", "HEAD"])
    def ask(request: Request, token: str) -> HTMLResponse:
        """A page with one button. It changes nothing: mail scanners follow every link."""
        return _answer(site, request, token, standing, site.database.read, LEAVING)

    @router.post("/u/{token}")
    def one_click(request: Request, token: str) -> HTMLResponse:
        """Leave (RFC 8058). Whoever has the link may press: what the body says, and how, is not asked."""
        person = read(site.vault, Purpose.LEAVE, token)
        if person is not None:
            leaving.do(person)
        return _answer(site, request, token, standing, site.database.read, LEAVING)

    @router.post("/u/{token}/undo")
    def stay(request: Request, token: str) -> HTMLResponse:
        """Undo leaving, from the page alone."""
        answer = _answer(site, request, token, undo, site.database.write, STAYING)
        if answer.status_code == 200:
            with site.database.write() as session:
                note_return(session, site.journal, read(site.vault, Purpose.LEAVE, token) or 0, site.clock().date())
        return answer

    return router


def _leave(site: Site, people: Sequence[int]) -> None:
    with site.database.write() as session:
        leave_all(session, site.journal, people, site.clock())


def _answer(
    site: Site, request: Request, token: str, deed: Deed, begin: Transactions, pages: Mapping[Standing, str]
) -> HTMLResponse:
    """Do the deed for the person of this link, and show the page for where they stand now."""
    person = read(site.vault, Purpose.LEAVE, token)
    if person is None:  # one page for all links that were not made here: nothing is to be learned from trying
        return site.page("public/bad_link.html", page_language(request), status=404)
    with begin() as session:
        stands = deed(session, person, site.clock(), undo_for=site.settings.undo_for)
        language = _language(session, request, person)
    page = pages[stands]
    link = f"{site.root}/u/{token}" if stands is Standing.LEFT else ""
    return site.page(f"public/{page}.html", language, status=410 if page == "too_late" else 200, link=link)


def _language(session: Session, request: Request, person: int) -> str:
    languages = session.scalar(select(Subscriber.languages).where(Subscriber.id == person))
    return page_language(request, languages or "")
