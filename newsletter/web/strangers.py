"""Forms that anybody may fill in: who types an address is judged by how they type, never by whose address it is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field, StringConstraints

from issues.languages import words
from newsletter.web.gate import BITS, Way, is_proof, network_of
from newsletter.web.site import LANGUAGES, Site, page_language
from subscribers import domains
from subscribers.addresses import Address, normal
from subscribers.errors import BadAddress
from subscribers.tokens import Purpose, make_timed, read_timed

YOUNGEST, OLDEST = timedelta(seconds=2), timedelta(days=1)
"""How long ago a form may have been shown: nobody types so quickly, and no page stays open for so long."""
PATIENCE = timedelta(minutes=1)
"""How long a browser without script waits where others work."""
TICKET_HOLDS = timedelta(hours=1)

WORKING_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""The one page for readers that may run a script of ours: it asks nobody anything."""

SENT = {"sign-up": "public/sent.html", "link": "public/link_sent.html", "address": "public/change_sent.html"}
"""What a form is answered with, by the end of the address at which that can be read in another language."""

Short = Annotated[str, StringConstraints(max_length=1000)]


class Filled(BaseModel):
    """What came with a form. Its repr shows nothing: it may end up in a log."""

    address: Short = Field("", repr=False)
    language: Short = Field("", repr=False)
    """The language that the newsletter is wanted in."""
    lang: Short = Field("", repr=False)
    """The language of the page."""
    website: Short = Field("", repr=False)
    """A trap: people do not see this field, programs fill it in."""
    made: Short = Field("", repr=False)
    """When the form was shown; nothing where another site showed it."""
    sure: Short = Field("", repr=False)
    """The domain that the reader was asked about."""
    ticket: Short = Field("", repr=False)
    proof: Short = Field("", repr=False)


Form_ = Annotated[Filled, Form()]


@dataclass(frozen=True)
class Again:
    """The form is shown once more, and this is said."""

    problem: str = ""
    note: str = ""
    sure: str = ""


@dataclass(frozen=True)
class Work:
    """The browser has to work or to wait."""

    ticket: str
    early: bool
    """It waited, but not for long enough."""


class Shut:
    """Nobody is let in for a while."""


class Trapped:
    """A program filled this in: it is thanked, and nothing is done."""


def answered(
    site: Site,
    request: Request,
    filled: Filled,
    *,
    form: Callable[[str, Filled, Again], HTMLResponse],
    take: Callable[[str], None],
    sent: str,
) -> HTMLResponse:
    """Take the form, in the language of its page, and say what was `sent` (of SENT); or why it is not taken."""
    language = page_language(request, filled.lang)
    why = _hindrance(site, request, filled, language)
    if isinstance(why, Again):
        return form(language, filled, why)
    if isinstance(why, Work | Shut):
        return _held_up(site, language, filled, why)
    if why is None:
        take(language)
    return sent_page(site, sent, language)


def sent_page(site: Site, sent: str, language: str) -> HTMLResponse:
    """Where to look now. It asks nothing of the database: who opens its address is told no more than by the form."""
    return site.page(SENT[sent], language, read_at=f"{site.root}/sent/{sent}", tongues=LANGUAGES)


def stamp(site: Site, filled: Filled) -> str:
    """When the form was shown first, for the form itself to carry."""
    shown = read_timed(site.vault, Purpose.FORM, filled.made)
    is_fresh = shown is not None and site.clock() - shown.made_at < OLDEST
    return filled.made if is_fresh else make_timed(site.vault, Purpose.FORM, 0, site.clock())


def _hindrance(site: Site, request: Request, filled: Filled, language: str) -> Again | Work | Shut | Trapped | None:
    """Why this form is not taken as it is; nothing where it is."""
    say = words(language).gettext
    if filled.website:
        return Trapped()
    try:
        address = normal(filled.address)
    except BadAddress as problem:
        return Again(problem=say(str(problem)))
    if note := _doubt(address, filled, language):
        return Again(note=note, sure=address.domain_ascii)
    if not _was_shown(site, filled.made):
        return Again(note=say("One more step: look whether the address is right, then press the button."))
    work = _work(site, address, filled)
    worked = "" if work else filled.ticket
    way = site.memory.gate.way(network_of(request, site.settings.proxy), site.clock(), worked)
    if way is Way.SHUT:
        return Shut()
    return (work or _new_work(site, address)) if way is Way.PROOF else None


def _held_up(site: Site, language: str, filled: Filled, why: Work | Shut) -> HTMLResponse:
    """The page for who has to work, or to come back later."""
    say = words(language).gettext
    if isinstance(why, Shut):
        heading, explanation = say("Too many people at once."), say("Please come back in an hour. Nothing was kept.")
        return site.page("public/error.html", language, status=429, heading=heading, explanation=explanation, way=None)
    page = site.page(
        "public/work.html", language, filled=filled.model_dump(), ticket=why.ticket, early=why.early, bits=BITS
    )
    page.headers["Content-Security-Policy"] = WORKING_POLICY
    return page


def _doubt(address: Address, filled: Filled, language: str) -> str:
    """What is asked about an odd domain, once: the reader may insist."""
    odd = domains.doubt(address.domain_ascii)
    if odd is None or filled.sure == address.domain_ascii:
        return ""
    say = words(language).gettext
    asked = (
        say("Did you mean {domain}? If what you typed is right, press the button once more.")
        if odd.kind == "typo"
        else say("Mailboxes at {domain} do not last. If you want the newsletter there, press the button once more.")
    )
    return asked.format(domain=odd.instead or address.domain_ascii)


def _was_shown(site: Site, made: str) -> bool:
    """Whether a page of ours showed the form, not just now and not too long ago.

    So another site's form, or a page that sends one by itself, leads to ours and does nothing.
    """
    shown = read_timed(site.vault, Purpose.FORM, made)
    return shown is not None and YOUNGEST <= site.clock() - shown.made_at < OLDEST


def _work(site: Site, address: Address, filled: Filled) -> Work | None:
    """What is still to be done; nothing where it is. A ticket is good for one address."""
    now = site.clock()
    ticket = read_timed(site.vault, Purpose.PATIENCE, filled.ticket)
    if ticket is None or ticket.number != _short_hash(site, address) or now - ticket.made_at >= TICKET_HOLDS:
        return _new_work(site, address)
    if now - ticket.made_at >= PATIENCE or is_proof(filled.ticket, filled.proof):
        return None
    return Work(filled.ticket, early=True)


def _new_work(site: Site, address: Address) -> Work:
    return Work(make_timed(site.vault, Purpose.PATIENCE, _short_hash(site, address), site.clock()), early=False)


def _short_hash(site: Site, address: Address) -> int:
    return int.from_bytes(site.vault.hash(address)[:4], "big")
