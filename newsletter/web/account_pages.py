"""A member's own account: their password, their passkeys, the browsers where they are signed in."""

from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from newsletter.desk import members, passkeys, passwords, sessions
from newsletter.desk.errors import DeskError, WrongPassword
from newsletter.web import spoken
from newsletter.web.access import member_of
from newsletter.web.brake import refusal
from newsletter.web.door_pages import Typed, agent, give_cookie
from newsletter.web.site import Number, Site

DONE = {
    "password": "Your password is changed, and every other browser was signed out.",
    "added": "The passkey is added: from now on you can sign in with it.",
    "removed": "The passkey is removed.",
    "only-key": "This passkey is your only way in: set a password first.",
    "ended": "That browser is signed out.",
    "ended-others": "Every other browser is signed out.",
}
"""What is said after a deed, by the word in the address."""


def make_router(site: Site) -> APIRouter:
    """The page, and what can be changed on it."""
    router = APIRouter(prefix="/desk/account")

    @router.get("", name="account")
    def account(request: Request, done: str = "") -> Response:
        return _page(site, request, done=DONE.get(done, ""))

    @router.post("/password", name="change_password")
    def change_password(request: Request, present: Typed = "", password: Typed = "") -> Response:
        try:
            token = _changed(site, request, present, password)
        except DeskError as problem:
            kind = "present" if isinstance(problem, WrongPassword) else "password"
            return _page(site, request, status=422, problems={kind: str(problem)})
        return give_cookie(site, _back(site, "password"), token)

    @router.post("/sessions/{number}/end", name="end_session")
    def end_session(request: Request, number: Number) -> Response:
        with site.database.write() as session:
            sessions.end(session, member_of(request).id, number)
        return _back(site, "ended")

    @router.post("/sessions/end-others", name="end_other_sessions")
    def end_others(request: Request) -> Response:
        with site.database.write() as session:
            sessions.end_all(session, member_of(request).id, but=request.state.session)
        return _back(site, "ended-others")

    return router


def _changed(site: Site, request: Request, present: str, password: str) -> str:
    """Set a new password and begin a new session here; its token. Raises WrongPassword, WeakPassword."""
    now, me = site.clock(), member_of(request)
    whom = str(me.id).encode()
    if me.password is not None:
        if not site.memory.passwords.take(whom, now):
            raise WrongPassword(str(refusal()))
        if not passwords.matches(present, me.password):
            raise WrongPassword("This is not your present password.")
        site.memory.passwords.forgive(whom, now)
    with site.database.write() as session:
        member = members.of(session, me.id)
        members.change_password(session, member, password, now)
        return sessions.begin(session, member, agent(request), now)


def _page(
    site: Site, request: Request, *, status: int = 200, done: str = "", problems: dict[str, str] | None = None
) -> Response:
    me, now, zone = member_of(request), site.clock(), ZoneInfo(site.settings.timezone)
    with site.database.read() as session:
        keys, browsers = passkeys.of(session, me.id), sessions.of(session, me.id, now)
    return site.desk(
        request,
        "desk/account.html",
        status=status,
        address=site.vault.open_address(me.sealed_address, me.address_hash),
        keys=keys,
        browsers=browsers,
        present=request.state.session,
        when=lambda moment: spoken.moment(moment, now, zone),
        zone=spoken.zone_name(zone),
        done=done,
        problems=problems or {},
    )


def _back(site: Site, done: str) -> Response:
    return RedirectResponse(f"{site.root}/desk/account?done={done}", status_code=303)
