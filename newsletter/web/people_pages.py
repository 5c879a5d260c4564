"""The people who work here, for owners: invite, change a role, end, bring back; and what was done lately."""

from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from issues.languages import own_name
from newsletter.desk import deeds, members
from newsletter.desk.errors import DeskError, NoMember
from newsletter.desk.models import Member, Role
from newsletter.notices import outbox
from newsletter.web import spoken
from newsletter.web.access import member_of
from newsletter.web.door_pages import Typed
from newsletter.web.site import Number, Site
from subscribers.errors import BadAddress

Languages = Annotated[list[str], Form(default_factory=list)]

MAY = {
    Role.OWNER: "Everything, people and settings too.",
    Role.EDITOR: "Makes the issues and sends them.",
    Role.TRANSLATOR: "Changes the texts in their languages.",
    Role.LIST_KEEPER: "Keeps the list of readers; nobody else but an owner sees it.",
}
"""What each role may do, in a few words."""

DONE = {
    "invited": "The invitation is on its way.",
    "link": "A link for a new password is on its way to {name}.",
    "role": "{name} has a new role, and signs in anew.",
    "ended": "{name} may no longer sign in.",
    "back": "{name} may sign in again.",
    "taken-back": "The invitation opens nothing any more.",
}
"""What is said after a deed, by the word in the address."""


def make_router(site: Site) -> APIRouter:
    """The page, and the deeds of owners."""
    router = APIRouter(prefix="/desk/people")
    _add_page(router, site)
    _add_inviting(router, site)
    _add_changing(router, site)
    return router


def _add_page(router: APIRouter, site: Site) -> None:
    @router.get("", name="people")
    def people(request: Request, done: str = "", who: Annotated[int, Query(ge=0, le=10**9)] = 0) -> Response:
        return _page(site, request, done=done, who=who)


def _add_inviting(router: APIRouter, site: Site) -> None:
    @router.post("/invite", name="invite")
    def invite(request: Request, languages: Languages, address: Typed = "", role: Typed = "") -> Response:
        now = site.clock()
        try:
            chosen = _role(role)
            with site.database.write() as session:
                token = members.invite(session, member_of(request), chosen, _languages(site, chosen, languages), now)
                outbox.queue(session, site.vault, address, "invite", _letter(site, request, token), now)
        except (DeskError, BadAddress) as problem:
            typed = {"address": address, "role": role, "languages": languages}
            return _page(site, request, status=422, typed=typed, problem=str(problem))
        return _back(site, "invited")

    @router.post("/invitations/{number}/take-back", name="take_back_invitation")
    def take_back(request: Request, number: Number) -> Response:
        with site.database.write() as session:
            members.take_back(session, member_of(request), number, site.clock())
        return _back(site, "taken-back")

    @router.post("/{number}/link", name="new_password_link")
    def link(request: Request, number: Number) -> Response:
        now = site.clock()
        with site.database.write() as session:
            member = _found(session, number)
            token = members.new_password_link(session, member_of(request), member, now)
            address = site.vault.open_address(member.sealed_address, member.address_hash)
            outbox.queue(session, site.vault, address, "password", _letter(site, request, token), now)
        return _back(site, "link", number)


def _add_changing(router: APIRouter, site: Site) -> None:
    @router.post("/{number}/role", name="change_role")
    def change_role(request: Request, number: Number, languages: Languages, role: Typed = "") -> Response:
        try:
            chosen = _role(role)
            with site.database.write() as session:
                member = _found(session, number)
                tags = _languages(site, chosen, languages)
                members.change_role(session, member_of(request), member, chosen, tags, site.clock())
        except DeskError as problem:
            return _refused(site, request, problem, number)
        return _back(site, "role", number)

    @router.post("/{number}/end", name="end_membership")
    def end(request: Request, number: Number) -> Response:
        try:
            with site.database.write() as session:
                members.end(session, member_of(request), _found(session, number), site.clock())
        except DeskError as problem:
            return _refused(site, request, problem, number)
        return _back(site, "ended", number)

    @router.post("/{number}/bring-back", name="bring_back")
    def bring_back(request: Request, number: Number) -> Response:
        with site.database.write() as session:
            members.bring_back(session, member_of(request), _found(session, number), site.clock())
        return _back(site, "back", number)


def _found(session: Session, number: int) -> Member:
    try:
        return members.of(session, number)
    except NoMember:
        raise HTTPException(404) from None


def _role(word: str) -> Role:
    try:
        return Role(word)
    except ValueError:
        raise DeskError("Choose one of the roles.") from None


def _languages(site: Site, role: Role, chosen: list[str]) -> str:
    """A translator's languages, as they are kept; other roles write in all of them."""
    if role is not Role.TRANSLATOR:
        return ""
    tags = [tag for tag in site.settings.languages if tag in chosen]
    if not tags:
        raise DeskError("Choose at least one language for a translator.")
    return ",".join(tags)


def _letter(site: Site, request: Request, token: str) -> dict[str, str]:
    return {
        "name": member_of(request).name,
        "brand": site.brand.name,
        "link": f"{site.settings.base_url}/desk/welcome/{token}",
    }


def _refused(site: Site, request: Request, problem: DeskError, number: int) -> Response:
    return _page(site, request, status=422, refused=str(problem), about=number)


def _page(
    site: Site, request: Request, *, status: int = 200, done: str = "", who: int = 0, **values: object
) -> Response:
    zone, now = ZoneInfo(site.settings.timezone), site.clock()
    with site.database.read() as session:
        everyone = members.everyone(session)
        open_ones, latest = members.open_invitations(session, now), deeds.latest(session, 30)
    working = [member for member in everyone if member.ended_at is None]
    named = {member.id: member.name for member in everyone}
    said = DONE.get(done, "").format(name=named.get(who, "They"))
    frame = {"refused": "", "about": 0, "problem": "", "typed": {"address": "", "role": "editor", "languages": []}}
    return site.desk(
        request,
        "desk/people.html",
        status=status,
        working=working,
        count=spoken.people(len(working)),
        gone=[member for member in everyone if member.ended_at is not None],
        invitations=open_ones,
        deeds=latest,
        roles=MAY,
        languages=[(tag, own_name(tag)) for tag in site.settings.languages],
        spoken=_languages_of,
        when=lambda moment: spoken.moment(moment, now, zone),
        zone=spoken.zone_name(zone),
        said=said,
        undo=f"{site.root}/desk/people/{who}/bring-back" if done == "ended" and who in named else "",
        **(frame | values),
    )


def _languages_of(member: Member) -> str:
    return ", ".join(own_name(tag) for tag in member.languages.split(",") if tag)


def _back(site: Site, done: str, who: int = 0) -> Response:
    return RedirectResponse(f"{site.root}/desk/people?done={done}&who={who}", status_code=303)
