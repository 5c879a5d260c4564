"""Pages for who reads already: a fresh link by mail, and behind it languages, plain text, a pause, leaving.

A link in a newsletter can only leave. To change anything takes one that was mailed on request and holds for a day.
"""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Annotated, NamedTuple

from babel.dates import format_date
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from issues.languages import locale
from newsletter.notices import outbox
from newsletter.web.joining_pages import ended
from newsletter.web.site import LANGUAGES, Numbers, Site, page_language
from newsletter.web.strangers import Again, Filled, Form_, answered, stamp
from subscribers import preferences, topics
from subscribers.languages import MOST
from subscribers.mailed import Kind
from subscribers.preferences import LONGEST_PAUSE, Preferences
from subscribers.tokens import Purpose, make, read_timed

HOLDS = timedelta(days=1)
"""How long a mailed link opens the preferences: as long as no other is sent to the same address."""

Choice = Annotated[str, Form(max_length=35)]


class Offered(NamedTuple):
    """A topic on the page, in its language or the nearest there is."""

    number: int
    name: str
    language: str
    wanted: bool


def make_router(site: Site) -> APIRouter:
    """The form that asks for a link, and the page behind it."""
    router = APIRouter()
    _make_asking(router, site)
    _make_choosing(router, site)
    return router


def _make_asking(router: APIRouter, site: Site) -> None:
    @router.api_route("/preferences", methods=["GET", "HEAD"], name="preferences_ask")
    def ask(request: Request) -> HTMLResponse:
        return _form(site, page_language(request), Filled(), Again())

    @router.post("/preferences", name="preferences_link")
    def send_link(request: Request, filled: Form_) -> HTMLResponse:
        """The same for every address: who is on no list gets no mail."""
        take = partial(_ask, site, filled)
        return answered(site, request, filled, form=partial(_form, site), take=take, sent="link")


def _ask(site: Site, filled: Filled, language: str) -> None:
    values = {"brand": site.brand.name, "base_url": site.settings.base_url}
    with site.database.write() as session:
        kind = Kind.PREFERENCES.value
        outbox.queue(session, site.vault, filled.address, kind, values, site.clock(), language=language)


def _form(site: Site, language: str, filled: Filled, said: Again) -> HTMLResponse:
    return site.page(
        "public/ask_link.html",
        language,
        status=422 if said.problem else 200,
        filled=filled,
        said=said,
        made=stamp(site, filled),
        tongues=LANGUAGES,
    )


def _make_choosing(router: APIRouter, site: Site) -> None:
    @router.api_route("/preferences/{token}", methods=["GET", "HEAD"], name="preferences")
    def show(request: Request, token: str) -> HTMLResponse:
        return _chosen(site, request, token, saved=False)

    @router.post("/preferences/{token}", name="preferences_save")
    def save(
        request: Request,
        token: str,
        language: Annotated[Sequence[Choice], Form(max_length=MOST)] = (),
        form: Choice = "",
        pause: Choice = "",
        offered: Numbers = (),
        topic: Numbers = (),
    ) -> HTMLResponse:
        reader = reader_of(site, token)
        with site.database.write() as session:
            kept = preferences.preferences(session, reader)
            languages = _languages(site, kept.languages if kept else "")
            preferences.change(
                session,
                reader,
                languages=",".join(tag for tag in language if tag in languages),
                plain_text=form == "text",
                pause=int(pause) if pause in map(str, range(LONGEST_PAUSE + 1)) else None,
                now=site.clock(),
            )
            if kept:  # a topic that came while the page was open is not chosen by it
                topics.choose(session, reader, wanted=topic, unwanted=set(offered) - set(topic))
        return _chosen(site, request, token, saved=True)


def reader_of(site: Site, token: str) -> int:
    """The reader's number; 0, which nobody has, where the link was not made here or is too old."""
    held = read_timed(site.vault, Purpose.PREFERENCES, token)
    return held.number if held and site.clock() - held.made_at < HOLDS else 0


def chosen_by(site: Site, token: str) -> Preferences | None:
    """What the reader of this link chose; nothing where it opens nothing, or they are off the list."""
    with site.database.read() as session:
        return preferences.preferences(session, reader_of(site, token))


def _languages(site: Site, kept: str) -> list[str]:
    """The newsletter's languages, and those that the reader named before."""
    return list(dict.fromkeys([*site.settings.languages, *filter(None, kept.split(","))]))


def _topics(session: Session, reader: int, language: str) -> list[Offered]:
    without = topics.unwanted(session, reader)
    return [Offered(each.id, *topics.called(each, language), each.id not in without) for each in topics.topics(session)]


def _chosen(site: Site, request: Request, token: str, *, saved: bool) -> HTMLResponse:
    reader = reader_of(site, token)
    with site.database.read() as session:
        chosen = preferences.preferences(session, reader)
        if chosen is None:
            return ended(site, request)
        language = page_language(request, chosen.languages)
        offered = _topics(session, reader, language)
    languages = _languages(site, chosen.languages)
    return site.page(
        "public/preferences.html",
        language,
        chosen=chosen,
        order=[*filter(None, chosen.languages.split(",")), *[""] * MOST][: min(MOST, len(languages))],
        offered=languages,
        topics=offered,
        months=range(1, LONGEST_PAUSE + 1),
        until=format_date(chosen.paused_until, "long", locale(language)) if chosen.paused_until else "",
        own=f"{site.root}/preferences/{token}",
        leave=f"{site.root}/u/{make(site.vault, Purpose.LEAVE, reader)}",
        saved=saved,
        tongues=LANGUAGES,
    )
