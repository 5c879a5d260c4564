"""Pages for readers: leaving by the link in a mail, and undo. They need no cookie, no login and no script."""

from collections.abc import Mapping, Sequence
from functools import partial

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from starlette.requests import ClientDisconnect

from issues.languages import words
from newsletter.web.site import LANGUAGES, Site, page_language
from newsletter.web.together import Together
from subscribers.journal import note_return
from subscribers.leaving import Seen, Standing, leave_all, look, undo
from subscribers.tokens import Purpose, read

LEAVING = {Standing.ON_LIST: "leave", Standing.LEFT: "left", Standing.GONE: "left"}
STAYING = {Standing.ON_LIST: "stayed", Standing.LEFT: "left", Standing.GONE: "too_late"}
"""The page for where somebody stands, by what they came for."""

_BY_PROGRAM = b"One-Click"
"""The value that a mail program's press holds (RFC 8058, section 3.1), as a form or in parts; our button sends none."""


def make_router(site: Site) -> APIRouter:
    """The routes under /u/."""
    router = APIRouter()
    leaving = Together(partial(_leave, site))

    @router.api_route("/u/{token}", methods=["GET", "HEAD"])
    def ask(request: Request, token: str) -> HTMLResponse:
        """A page with one button. It changes nothing: mail scanners follow every link."""
        return _stands(site, request, token, LEAVING)

    @router.post("/u/{token}")
    async def one_click(request: Request, token: str) -> Response:
        """Leave (RFC 8058). Whoever has the link may press, whatever the body says; it decides on the answer alone."""
        person = read(site.vault, Purpose.LEAVE, token)
        if person is None:
            return await run_in_threadpool(_bad_link, site, request)
        seen = await leaving.do(person)
        if await _is_by_program(request):  # which looks at the status: there are many at once
            return PlainTextResponse(words(page_language(request, seen.languages)).gettext("You have left."))
        return await run_in_threadpool(_page, site, request, token, seen, LEAVING)

    @router.api_route("/u/{token}/undo", methods=["GET", "HEAD"])
    def stands(request: Request, token: str) -> HTMLResponse:
        """What undo led to, for who wants to read that in another language. It changes nothing."""
        return _stands(site, request, token, STAYING)

    @router.post("/u/{token}/undo")
    def stay(request: Request, token: str) -> HTMLResponse:
        """Undo leaving. Whoever holds the link may press, and press again."""
        person = read(site.vault, Purpose.LEAVE, token)
        if person is None:
            return _bad_link(site, request)
        return _page(site, request, token, _stay(site, person), STAYING)

    return router


async def _is_by_program(request: Request) -> bool:
    """Whether a mail program pressed. Who hung up needs no page either."""
    try:
        return _BY_PROGRAM in await request.body()
    except ClientDisconnect:
        return True


def _leave(site: Site, people: Sequence[int]) -> list[Seen]:
    """All who pressed at once leave in one transaction."""
    now = site.clock()
    with site.database.write() as session:
        leave_all(session, site.journal, people, now)
        return look(session, people, now, undo_for=site.settings.undo_for)


def _stay(site: Site, person: int) -> Seen:
    now = site.clock()
    with site.database.write() as session:
        undo(session, person, now, undo_for=site.settings.undo_for)
        (seen,) = look(session, [person], now, undo_for=site.settings.undo_for)
    if seen.standing is Standing.ON_LIST:
        with site.database.write() as session:
            note_return(session, site.journal, person, now.date())
    return seen


def _stands(site: Site, request: Request, token: str, pages: Mapping[Standing, str]) -> HTMLResponse:
    """Looks, and changes nothing."""
    person = read(site.vault, Purpose.LEAVE, token)
    if person is None:
        return _bad_link(site, request)
    with site.database.read() as session:
        (seen,) = look(session, [person], site.clock(), undo_for=site.settings.undo_for)
    return _page(site, request, token, seen, pages)


def _bad_link(site: Site, request: Request) -> HTMLResponse:
    """One page for all links that were not made here: nothing is to be learned from trying."""
    return site.page("public/bad_link.html", page_language(request), status=404, tongues=LANGUAGES)


def _page(site: Site, request: Request, token: str, seen: Seen, pages: Mapping[Standing, str]) -> HTMLResponse:
    """Where they stand now, in their language."""
    page, language = pages[seen.standing], page_language(request, seen.languages)
    link = f"{site.root}/u/{token}" if seen.standing is Standing.LEFT else ""
    status = 410 if page == "too_late" else 200
    return site.page(f"public/{page}.html", language, status=status, link=link, tongues=LANGUAGES)
