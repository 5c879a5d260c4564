"""The people on the list: counts for everyone at the desk, addresses for the list keeper and the owner alone.

An address travels in the body of a request and nowhere else, so these forms answer with a page, not a redirect.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from issues.languages import own_name
from newsletter import forgetting
from newsletter.delivery.history import Event, history
from newsletter.delivery.reasons import MOST_PEOPLE
from newsletter.desk import deeds
from newsletter.web import spoken
from newsletter.web.access import member_of
from newsletter.web.growth import growth, written
from newsletter.web.site import Numbers, Site
from newsletter.web.tongues import apart, sees_addresses
from subscribers import finding, groups, head_counts, leaving, people, suppression
from subscribers.addresses import normal
from subscribers.audience import count_by_languages, within
from subscribers.consent import Wording
from subscribers.errors import (
    AlreadyThere,
    BadAddress,
    BadLanguage,
    NoConsent,
    NotFound,
    SubscriberError,
    Suppressed,
)
from subscribers.grammar import LARGEST_NUMBER, Audience
from subscribers.head_counts import LEAST, first_languages
from subscribers.joining import count_waiting
from subscribers.journal import note_return
from subscribers.leaving import Standing
from subscribers.models import State, Subscriber
from subscribers.people import Held
from subscribers.vault import Vault

Typed = Annotated[str, Form(max_length=2000)]
_AWAY = (State.PAUSED, State.LEFT)


@dataclass(frozen=True)
class Shown:
    """What a page shows beside the counts."""

    held: Held | None = None
    events: Sequence[Event] = ()
    """What happened to them."""
    said: str = ""
    undo: bool = False
    alike: Sequence[str] = ()
    """Addresses that hold what was typed."""
    problem: tuple[str, str] = ("", "")
    """Which form, and what is wrong there."""
    wrong: str = ""
    """The field of that form which the problem is about; nothing where it stands above all of them."""
    typed: Mapping[str, str] = field(default_factory=dict)
    group: int = 0
    """The group whose languages are counted; 0 for everyone."""


SAID = {
    "added": "One reader was added.",
    "erased": "The reader was erased.",
}
"""What was just done, by the word in the page's address."""

WRONG = {
    **dict.fromkeys((BadAddress, AlreadyThere, Suppressed), "address"),
    BadLanguage: "languages",
    NoConsent: "consent",
}
"""The field that a problem with adding somebody is about."""


def make_router(site: Site) -> APIRouter:
    """The list, and what its keeper does."""
    router = APIRouter(prefix="/desk/readers")

    @router.get("", name="readers")
    def readers(
        request: Request, said: str = "", group: Annotated[int, Query(ge=0, le=LARGEST_NUMBER)] = 0
    ) -> Response:
        return _page(site, request, Shown(said=SAID.get(said, ""), group=group))

    _make_person(router, site)
    _make_erasing(router, site)
    _make_coming(router, site)
    return router


def _make_person(router: APIRouter, site: Site) -> None:
    @router.post("/find", name="reader_find")
    def find(request: Request, address: Typed = "") -> Response:
        return _person(site, request, address) if _is_whole(address) else _alike(site, request, address)

    @router.post("/unsubscribe", name="reader_unsubscribe")
    def unsubscribe(request: Request, address: Typed = "") -> Response:
        def leave(session: Session, reader: int) -> bool:
            return leaving.leave(session, site.journal, reader, site.clock()) is not Standing.ON_LIST

        done = _do(site, request, address, "unsubscribed a reader", leave)
        return _person(site, request, address, said="This reader is off the list." if done else "", undo=done)

    @router.post("/return", name="reader_return")
    def put_back(request: Request, address: Typed = "") -> Response:
        """The undo of it; it works as long as the reader's own link does."""

        def undo(session: Session, reader: int) -> bool:
            return leaving.undo(session, reader, site.clock(), undo_for=site.settings.undo_for) is Standing.ON_LIST

        done = _do(site, request, address, "put a reader back", undo)
        if done:
            _note_return(site, address)
        said = "This reader is on the list again." if done else "Only the reader can come back now."
        return _person(site, request, address, said=said)

    @router.post("/lift", name="reader_lift")
    def lift(request: Request, address: Typed = "") -> Response:
        """Nobody was there, a server said; the keeper knows better."""
        done = _do(site, request, address, "lifted a bounce", suppression.lift)
        if done:
            _note_return(site, address)
        return _person(site, request, address, said="This reader is written to again." if done else "")

    @router.post("/person/groups", name="reader_groups")
    def put_in_groups(request: Request, address: Typed = "", group: Numbers = ()) -> Response:
        def keep(session: Session, reader: int) -> bool:
            groups.put_only_in(session, reader, group)
            return True

        done = _do(site, request, address, "changed a reader's groups", keep)
        return _person(site, request, address, said="The groups are kept so." if done else "")


def _make_erasing(router: APIRouter, site: Site) -> None:
    @router.post("/erase", name="reader_erase_ask")
    def ask(request: Request, address: Typed = "") -> Response:
        """It cannot be undone, so the page says what happens."""
        return _erase_page(site, request, address)

    @router.post("/erase/now", name="reader_erase")
    def erase(request: Request, address: Typed = "", word: Typed = "") -> Response:
        if word.strip().lower() != "erase":
            return _erase_page(site, request, address, problem="Type the word erase, or keep the reader.")

        if not _erase(site, request, address):
            return _erase_page(site, request, address)
        return RedirectResponse(f"{site.root}/desk/readers?said=erased", status_code=303)


def _make_coming(router: APIRouter, site: Site) -> None:
    @router.post("/add", name="reader_add")
    def add(
        request: Request, address: Typed = "", name: Typed = "", languages: Typed = "", consent: Typed = ""
    ) -> Response:
        typed = {"address": address, "name": name, "languages": languages, "consent": consent}
        try:
            with site.database.write() as session:
                wording = Wording("en", consent)
                people.add(
                    session,
                    site.vault,
                    address=address,
                    name=name,
                    languages=languages,
                    came_by="added",
                    wording=wording,
                    now=site.clock(),
                )
                deeds.record(session, member_of(request).id, "added a reader", "", site.clock())
        except SubscriberError as problem:
            wrong = WRONG.get(type(problem), "")
            return _page(site, request, Shown(problem=("add", str(problem)), wrong=wrong, typed=typed))
        return RedirectResponse(f"{site.root}/desk/readers?said=added", status_code=303)


def _do(site: Site, request: Request, address: str, what: str, change: Callable[[Session, int], bool]) -> bool:
    """Whether `change` was made to the reader of this address; only then it is noted."""
    with site.database.write() as session:
        reader = _number(session, site.vault, address)
        done = bool(reader) and change(session, reader)
        if done:
            deeds.record(session, member_of(request).id, what, "", site.clock())
        return done


def _erase(site: Site, request: Request, address: str) -> bool:
    """Whether there was anybody, be it one who still had to confirm."""
    try:
        address_hash = site.vault.hash(normal(address))
    except SubscriberError:
        return False
    with site.database.write() as session:
        done = forgetting.erase(session, site.journal, address_hash, site.clock())
        if done:
            deeds.record(session, member_of(request).id, "erased a reader", "", site.clock())
        return done


def _note_return(site: Site, address: str) -> None:
    with site.database.write() as session:
        note_return(session, site.journal, _number(session, site.vault, address), site.clock().date())


def _number(session: Session, vault: Vault, address: str) -> int:
    """The number of the person with this address; 0, which nobody has, where there is none."""
    try:
        return people.number_of(session, vault, address)
    except SubscriberError:
        return 0


def _person(site: Site, request: Request, address: str, *, said: str = "", undo: bool = False) -> Response:
    try:
        with site.database.read() as session:
            held = people.show(session, site.vault, address)
            events = history(session, _number(session, site.vault, address))
    except SubscriberError as problem:
        return _page(site, request, Shown(problem=("find", str(problem)), typed={"wanted": address}))
    return _page(site, request, Shown(held=held, events=events, said=said, undo=undo))


def _is_whole(address: str) -> bool:
    try:
        return bool(normal(address))
    except SubscriberError:
        return False


def _alike(site: Site, request: Request, part: str) -> Response:
    """Those whose address holds a part of one."""
    try:
        with site.database.read() as session:
            found = finding.holding(session, site.vault, part, MOST_PEOPLE)
        if not found:
            raise NotFound("Nobody on the list has an address that holds this.")
    except SubscriberError as problem:
        return _page(site, request, Shown(problem=("find", str(problem)), typed={"wanted": part}))
    return _page(site, request, Shown(alike=found, typed={"wanted": part}))


def _erase_page(site: Site, request: Request, address: str, problem: str = "") -> Response:
    try:
        with site.database.read() as session:
            held = people.show(session, site.vault, address)
        if held.state is None and held.asked_on is None:
            raise NotFound("This person was erased already.")
    except SubscriberError as missing:
        return _page(site, request, Shown(problem=("find", str(missing)), typed={"wanted": address}))
    status = 422 if problem else 200
    return site.desk(request, "desk/readers/erase.html", status=status, here="Readers", held=held, problem=problem)


def _page(site: Site, request: Request, shown: Shown) -> Response:
    if shown.said:  # the list was just changed from here
        site.memory.readers.forget()
    with site.database.read() as session:
        counted = site.memory.readers.counted(session, site.clock())
        within_group = within(Audience(groups=frozenset([shown.group])))
        among = count_by_languages(session, *within_group) if shown.group else counted.people
        states = {"waiting": count_waiting(session)} | away(session)
        past = head_counts.told(session)
        labels = groups.groups(session)
        keeps = sees_addresses(request)
        bounced = people.bounced(session, site.vault, MOST_PEOPLE) if keeps else []
    first = first_languages(among)
    tongues = apart(first, exact=keeps)
    return site.desk(
        request,
        "desk/readers/readers.html",
        status=422 if shown.problem[0] else 200,
        here="Readers",
        shown=shown,
        tongues=tongues,
        most=max((tongue.people for tongue in tongues), default=1),
        total=sum(among.values()),
        everyone=sum(counted.people.values()),
        labels=labels,
        states=states,
        counted_at=spoken.ago(counted.at, site.clock(), site.newsletter.zone),
        growth=growth(past, exact=keeps),
        written=written,
        least=LEAST,
        bounced=bounced,
        most_people=MOST_PEOPLE,
        zone_of=ZoneInfo,
        now=site.clock(),
        keeps=keeps,
        languages=site.settings.languages,
        own_name=own_name,
        say=spoken,
        attack=attack(site),
        address=f"{site.settings.base_url}/subscribe",
        embedded=embedded(site.settings.base_url, site.settings.languages[0]),
    )


def away(session: Session) -> dict[str, int]:
    """How many are in a pause, and how many are being forgotten: by state."""
    counting = select(Subscriber.state, func.count()).where(Subscriber.state.in_(_AWAY)).group_by(Subscriber.state)
    return dict.fromkeys(map(str, _AWAY), 0) | {str(state): people for state, people in session.execute(counting)}


def attack(site: Site) -> str:
    """Until when the form asks everyone to work or to wait, as an hour in the newsletter's zone."""
    until = site.memory.gate.attacked_until(site.clock())
    return spoken.clock(until, site.newsletter.zone) if until else ""


def embedded(base_url: str, language: str, slug: str = "") -> str:
    """The form as plain HTML for any site: it leads to our page, a group's own where it has a `slug`."""
    return (
        f'<form action="{base_url}/subscribe{"/" + slug if slug else ""}" method="post" accept-charset="utf-8">\n'
        f'  <input type="hidden" name="lang" value="{language}">\n'
        "  <label>E-mail address\n"
        '    <input type="email" name="address" autocomplete="email" required>\n'
        "  </label>\n"
        "  <button>Subscribe</button>\n"
        "</form>"
    )
