"""What is a reader's own: all that is held about them as a file, and to be erased, with a receipt that names nobody."""

import json
from datetime import timedelta

from babel.dates import format_date, format_datetime
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from issues.languages import days, locale
from newsletter import forgetting, own_data
from newsletter.web.joining_pages import ended
from newsletter.web.preferences_pages import chosen_by, reader_of
from newsletter.web.site import LANGUAGES, Site, page_language
from subscribers import roll
from subscribers.leaving import Standing, standing
from subscribers.mailed import WITHIN
from subscribers.tokens import Purpose, make_timed, read, read_timed


def make_router(site: Site) -> APIRouter:
    """The file, the two ways to be erased, and the receipt."""
    router = APIRouter()
    _make_file(router, site)
    _make_erasing(router, site)
    _make_erasing_who_left(router, site)
    _make_receipt(router, site)
    return router


def _make_file(router: APIRouter, site: Site) -> None:
    @router.post("/preferences/{token}/everything", name="own_data")
    def everything(request: Request, token: str) -> Response:
        """By a button, since it names the reader: what only follows links does not get it."""
        language = page_language(request)
        with site.database.read() as session:
            held = own_data.everything(session, site.vault, reader_of(site, token), site.clock(), language)
        if held is None:  # to where this can be said in any language
            return RedirectResponse(f"{site.root}/preferences/{token}?lang={language}", status_code=303)
        return Response(
            json.dumps(held, ensure_ascii=False, indent=2),
            media_type="application/json",
            headers={"Content-Disposition": 'attachment; filename="what-we-hold.json"'},
        )


def _make_erasing(router: APIRouter, site: Site) -> None:
    @router.api_route("/preferences/{token}/erase", methods=["GET", "HEAD"], name="erase_ask")
    def ask(request: Request, token: str) -> HTMLResponse:
        chosen = chosen_by(site, token)
        if chosen is None:
            return ended(site, request)
        language = page_language(request, chosen.languages)
        back = f"{site.root}/preferences/{token}?lang={language}"
        return site.page("public/erase.html", language, back=back, tongues=LANGUAGES)

    @router.post("/preferences/{token}/erase", name="erase")
    def erase(request: Request, token: str) -> Response:
        return _erased(site, request, reader_of(site, token)) if chosen_by(site, token) else ended(site, request)


def _make_erasing_who_left(router: APIRouter, site: Site) -> None:
    """The link in a newsletter, which may have been passed on, can only leave: so it erases none who did not."""

    @router.api_route("/u/{token}/erase", methods=["GET", "HEAD"], name="left_erase_ask")
    def ask(request: Request, token: str) -> Response:
        if not _may_undo(site, token):
            return RedirectResponse(f"{site.root}/u/{token}", status_code=303)
        language = page_language(request)
        back = f"{site.root}/u/{token}?lang={language}"
        return site.page("public/erase.html", language, back=back, tongues=LANGUAGES)

    @router.post("/u/{token}/erase", name="left_erase")
    def erase(request: Request, token: str) -> Response:
        if not (reader := _may_undo(site, token)):
            return RedirectResponse(f"{site.root}/u/{token}", status_code=303)
        return _erased(site, request, reader)


def _may_undo(site: Site, token: str) -> int:
    """The number of somebody who left and is not erased yet; else 0."""
    reader = read(site.vault, Purpose.LEAVE, token) or 0
    with site.database.read() as session:
        stands = standing(session, reader, site.clock(), undo_for=site.settings.undo_for)
    return reader if stands is Standing.LEFT else 0


def _erased(site: Site, request: Request, reader: int) -> Response:
    """Erase them, and lead to a receipt that can be loaded again: its address says when, and nothing else."""
    now = site.clock()
    with site.database.write() as session:
        address_hash = roll.known_by(session, reader)
        if address_hash is not None:
            forgetting.erase(session, site.journal, address_hash, now)
    token = make_timed(site.vault, Purpose.ERASED, 0, now)
    return RedirectResponse(f"{site.root}/erased/{token}?lang={page_language(request)}", status_code=303)


def _make_receipt(router: APIRouter, site: Site) -> None:
    @router.api_route("/erased/{token}", methods=["GET", "HEAD"], name="receipt")
    def receipt(request: Request, token: str) -> HTMLResponse:
        erased = read_timed(site.vault, Purpose.ERASED, token)
        if erased is None:
            return ended(site, request)
        language = page_language(request)
        kept, at = site.settings.backup_days, erased.made_at.astimezone(site.newsletter.zone)
        return site.page(
            "public/erased.html",
            language,
            at=format_datetime(at, "long", locale=locale(language)),
            backups=format_date(at.date() + timedelta(days=kept), "long", locale(language)) if kept else "",
            mailed=days(WITHIN.days, language),
            tongues=LANGUAGES,
        )
