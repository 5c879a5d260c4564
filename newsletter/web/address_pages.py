"""Another address for who reads already: a form behind the preferences' link, and a button behind each of two mails.

The form does the same for every address; `newsletter.notices.answers` finds out what its owner is told.
"""

from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from newsletter import forgetting
from newsletter.notices import outbox
from newsletter.notices.answers import CHANGE
from newsletter.web.joining_pages import ended
from newsletter.web.preferences_pages import chosen_by, reader_of
from newsletter.web.site import LANGUAGES, Site, page_language
from newsletter.web.strangers import Again, Filled, Form_, answered, stamp
from subscribers import address_change, people
from subscribers.address_change import Side, Standing
from subscribers.journal import note_moved
from subscribers.mailed import Kind
from subscribers.tokens import read

PAGES = {Standing.ASKED: "change", Standing.HALF: "change_half", Standing.DONE: "changed"}


def make_router(site: Site) -> APIRouter:
    """The form, and the page behind the link in each of its mails."""
    router = APIRouter()
    _make_form(router, site)
    _make_agreeing(router, site)
    return router


def _make_form(router: APIRouter, site: Site) -> None:
    @router.api_route("/preferences/{token}/address", methods=["GET", "HEAD"], name="address_form")
    def show(request: Request, token: str) -> HTMLResponse:
        chosen = chosen_by(site, token)
        if chosen is None:
            return ended(site, request)
        return _form(site, token, page_language(request, chosen.languages), Filled(), Again())

    @router.post("/preferences/{token}/address", name="address_ask")
    def ask(request: Request, token: str, filled: Form_) -> HTMLResponse:
        """The same for every new address, be it on the list or not."""
        if chosen_by(site, token) is None:
            return ended(site, request)
        form, take = partial(_form, site, token), partial(_ask, site, filled, reader_of(site, token))
        return answered(site, request, filled, form=form, take=take, sent="address")


def _form(site: Site, token: str, language: str, filled: Filled, said: Again) -> HTMLResponse:
    return site.page(
        "public/change_ask.html",
        language,
        status=422 if said.problem else 200,
        filled=filled,
        said=said,
        made=stamp(site, filled),
        back=f"{site.root}/preferences/{token}?lang={language}",
        tongues=LANGUAGES,
    )


def _ask(site: Site, filled: Filled, reader: int, language: str) -> None:
    """The change and its two mails, in one transaction."""
    now = site.clock()
    with site.database.write() as session:
        change = address_change.ask(session, site.vault, reader, address=filled.address, now=now)
        if change is None:
            return
        values = {
            "brand": site.brand.name,
            "base_url": site.settings.base_url,
            "waits": str(site.settings.sign_up_days),
            "change": str(change),
        }
        old = people.address_of(session, site.vault, reader)
        for address, kind in ((old, Kind.CHANGE_OLD), (filled.address, Kind.CHANGE_NEW)):
            outbox.queue(session, site.vault, address, kind.value, values, now, language=language)


def _make_agreeing(router: APIRouter, site: Site) -> None:
    @router.api_route("/address/{token}", methods=["GET", "HEAD"], name="address_show")
    def show(request: Request, token: str) -> HTMLResponse:
        """A page with one button. It changes nothing: mail scanners follow every link."""
        side, change = _meant(site, token)
        with site.database.read() as session:
            return _stands(site, request, session, side, change)

    @router.post("/address/{token}", name="address_agree")
    def agree(request: Request, token: str) -> HTMLResponse:
        """Whoever holds the link may press, and press again."""
        side, change = _meant(site, token)
        with site.database.write() as session:
            moved = address_change.agree(session, site.vault, change, side, site.clock())
            if moved:
                forgetting.forget_mails(session, moved.before)
            answer = _stands(site, request, session, side, change)
        if moved:
            with site.database.write() as session:
                note_moved(session, site.journal, moved.subscriber_id, moved.before, site.clock().date())
        return answer


def _meant(site: Site, token: str) -> tuple[Side, int]:
    """Whose mail the link stood in, and the change's number; 0, which none has, where it was not made here."""
    found = ((side, read(site.vault, purpose, token)) for side, purpose in CHANGE.items())
    return next(((side, change) for side, change in found if change is not None), (Side.NEW, 0))


def _stands(site: Site, request: Request, session: Session, side: Side, change: int) -> HTMLResponse:
    stands = address_change.standing(session, change, side, site.clock())
    if stands is None:
        return ended(site, request)
    language = page_language(request)
    return site.page(f"public/{PAGES[stands]}.html", language, old=side is Side.OLD, tongues=LANGUAGES)
