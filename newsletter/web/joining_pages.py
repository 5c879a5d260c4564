"""Pages for who wants to read: the form, which other sites may hold too, and the page that confirms.

The form does the same for every address; `newsletter.notices.answers` finds out what its owner is told.
"""

from functools import partial

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from issues.languages import words
from newsletter.notices import outbox
from newsletter.web.site import LANGUAGES, Site, page_language
from newsletter.web.strangers import SENT, Again, Filled, Form_, answered, sent_page, stamp
from subscribers import groups, joining
from subscribers.audience import preferred
from subscribers.consent import Wording
from subscribers.journal import note_return
from subscribers.mailed import Kind
from subscribers.tokens import Purpose, make_timed, read


def make_router(site: Site) -> APIRouter:
    """The form and the page behind the link in its mail."""
    router = APIRouter()
    _make_form(router, site)
    _make_confirming(router, site)
    return router


def _make_form(router: APIRouter, site: Site) -> None:
    @router.api_route("/subscribe", methods=["GET", "HEAD"], name="subscribe")
    def subscribe(request: Request) -> HTMLResponse:
        return _form(site, page_language(request), Filled(), Again())

    @router.post("/subscribe", name="sign_up")
    def sign_up(request: Request, filled: Form_) -> HTMLResponse:
        take = partial(_ask, site, filled, None)
        return answered(site, request, filled, form=partial(_form, site), take=take, sent="sign-up")

    @router.api_route("/subscribe/{slug}", methods=["GET", "HEAD"], name="group_subscribe")
    def group_subscribe(request: Request, slug: str) -> HTMLResponse:
        """The same form at a group's own address: it does not say which group."""
        _group(site, slug)
        return _form(site, page_language(request), Filled(), Again())

    @router.post("/subscribe/{slug}", name="group_sign_up")
    def group_sign_up(request: Request, slug: str, filled: Form_) -> HTMLResponse:
        take = partial(_ask, site, filled, _group(site, slug))
        return answered(site, request, filled, form=partial(_form, site), take=take, sent="sign-up")

    @router.api_route("/sent/{sent}", methods=["GET", "HEAD"], name="sent")
    def sent_in(request: Request, sent: str) -> HTMLResponse:
        """What such a form was answered with, for who wants to read that in another language."""
        if sent not in SENT:
            raise HTTPException(404)
        return sent_page(site, sent, page_language(request))


def _group(site: Site, slug: str) -> int:
    """The number of the group with this page, or 404."""
    with site.database.read() as session:
        group = groups.with_page(session, slug)
    if group is None:
        raise HTTPException(404)
    return group


def _ask(site: Site, filled: Filled, group: int | None, language: str) -> None:
    """The sign-up and its mail, in one transaction."""
    brand, now = site.brand.name, site.clock()
    wording = Wording(language, _wording(language, brand))
    wanted = _wanted(site, filled, language)
    with site.database.write() as session:
        address = filled.address
        joining.ask(session, site.vault, address=address, languages=wanted, wording=wording, now=now, group=group)
        values = {"brand": brand, "base_url": site.settings.base_url, "waits": str(site.settings.sign_up_days)}
        outbox.queue(session, site.vault, address, Kind.SIGN_UP.value, values, now, language=language)


def _form(site: Site, language: str, filled: Filled, said: Again) -> HTMLResponse:
    return site.page(
        "public/subscribe.html",
        language,
        status=422 if said.problem else 200,
        filled=filled,
        said=said,
        made=stamp(site, filled),
        wording=_wording(language, site.brand.name),
        wanted=_wanted(site, filled, language),
        languages=site.settings.languages,
        tongues=LANGUAGES,
    )


def _wording(language: str, brand: str) -> str:
    """What people agree to; it is kept by version, so it may change."""
    agreed = words(language).gettext(
        "I want to get the newsletter of {brand} by e-mail, about once a month. "
        "I know that I can leave at any time with one click."
    )
    return agreed.format(brand=brand)


def _wanted(site: Site, filled: Filled, language: str) -> str:
    """The language of the newsletter that was chosen, else the page's, else its first."""
    offered = site.settings.languages
    return preferred(filled.language, offered) or preferred(language, offered) or offered[0]


def _make_confirming(router: APIRouter, site: Site) -> None:
    @router.api_route("/confirm/{token}", methods=["GET", "HEAD"], name="confirm_ask")
    def ask(request: Request, token: str) -> HTMLResponse:
        """A page with one button. It changes nothing: mail scanners follow every link."""
        sign_up = read(site.vault, Purpose.CONFIRM, token)
        with site.database.read() as session:
            asked = None if sign_up is None else _asked(site, session, sign_up)
        if asked is None or (asked.confirmed and not asked.on_list):
            return ended(site, request)
        language = page_language(request, asked.language)
        page = "public/joined.html" if asked.confirmed else "public/confirm.html"
        return site.page(page, language, asked=asked, preferences="", tongues=LANGUAGES)

    @router.post("/confirm/{token}", name="confirm")
    def confirm(request: Request, token: str) -> HTMLResponse:
        """Whoever holds the link may press, and press again."""
        sign_up = read(site.vault, Purpose.CONFIRM, token)
        if sign_up is None:
            return ended(site, request)
        with site.database.write() as session:
            asked = _asked(site, session, sign_up)
            person = joining.confirm(session, sign_up, site.clock(), waits=site.settings.sign_ups_wait)
        if person and asked and asked.returns:
            with site.database.write() as session:
                note_return(session, site.journal, person, site.clock().date())
        if person is None or asked is None:
            return ended(site, request)
        language = page_language(request, asked.language)
        if asked.confirmed:  # pressed again, by whoever has the mail now: it opens nothing more
            return site.page("public/joined.html", language, preferences="", tongues=LANGUAGES)
        token = make_timed(site.vault, Purpose.PREFERENCES, person, site.clock())
        own = f"{site.root}/preferences/{token}?lang={language}"
        return site.page("public/joined.html", language, preferences=own, tongues=LANGUAGES)


def _asked(site: Site, session: Session, sign_up: int) -> joining.Asked | None:
    return joining.asked(session, sign_up, site.clock(), waits=site.settings.sign_ups_wait)


def ended(site: Site, request: Request) -> HTMLResponse:
    """The same page for every link that does nothing more: nothing is to be learned from trying."""
    return site.page("public/ended.html", page_language(request), status=404, tongues=LANGUAGES)
