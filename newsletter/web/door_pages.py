"""The desk's door: sign in, sign out, and the link that makes a member."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from newsletter.desk import guest, members, sessions
from newsletter.desk.errors import AddressTaken, BadInvitation, DeskError, NoMember, NotSignedIn, WeakPassword
from newsletter.web.access import COOKIE, SIGN_IN
from newsletter.web.brake import refusal
from newsletter.web.site import Site
from subscribers.errors import BadAddress

Typed = Annotated[str, Form(max_length=300)]

_KEPT = timedelta(days=400)
"""How long a browser may keep the cookie (RFC 6265bis allows no more); whether it still opens is the row's to say."""

_FIELDS: Mapping[type, str] = {BadAddress: "address", AddressTaken: "address", WeakPassword: "password"}
"""The field that an error is about; all others are about the name."""


def make_router(site: Site) -> APIRouter:
    """The routes that lead in and out."""
    router = APIRouter(prefix="/desk")
    _add_sign_in(router, site)
    _add_welcome(router, site)
    if site.settings.demo:
        _add_guest(router, site)
    return router


def _add_sign_in(router: APIRouter, site: Site) -> None:
    @router.get("/sign-in", name="sign_in_form")
    def ask(request: Request) -> Response:
        return site.desk(request, "desk/sign_in.html", address="", problem="")

    @router.post("/sign-in", name="sign_in")
    def sign_in(request: Request, address: Typed = "", password: Typed = "") -> Response:
        try:
            token = _signed_in(site, address, password, agent(request))
        except NotSignedIn as problem:
            return site.desk(request, "desk/sign_in.html", status=403, address=address, problem=str(problem))
        return _enter(site, token)

    @router.post("/sign-out", name="sign_out")
    def sign_out(request: Request) -> Response:
        with site.database.write() as session:
            sessions.end(session, request.state.member.id, request.state.session)
        answer = RedirectResponse(f"{site.root}{SIGN_IN}", status_code=303)
        answer.delete_cookie(COOKIE, path="/")
        return answer


def _add_guest(router: APIRouter, site: Site) -> None:
    @router.post("/guest", name="guest")
    def come_in(request: Request) -> Response:
        """A visitor of the demonstration comes in as its made-up owner, and as nobody else."""
        try:
            with site.database.write() as session:
                token = guest.sign_in(session, site.vault, agent(request), site.clock())
        except NoMember as problem:
            return site.desk(request, "desk/sign_in.html", status=404, address="", problem=str(problem))
        return _enter(site, token)


def _signed_in(site: Site, address: str, password: str, browser: str) -> str:
    """A new session's token. The same words and the same work for everyone, also while the brake holds."""
    now = site.clock()
    whom = sessions.whom(site.vault, address)
    free = site.memory.door.take(whom, now)
    try:
        with site.database.read() as session:
            member = sessions.prove(session, whom, password)
    except NotSignedIn:
        if free:
            raise
    if not free:
        raise refusal()
    site.memory.door.forgive(whom, now)
    with site.database.write() as session:
        return sessions.sign_in(session, member, browser, now)


def _add_welcome(router: APIRouter, site: Site) -> None:
    @router.get("/welcome/{token}", name="welcome")
    def welcome(request: Request, token: str) -> Response:
        """It changes nothing: a mail scanner that follows the link makes nobody a member."""
        try:
            return _welcome(site, request, token)
        except BadInvitation as problem:
            return _no_welcome(site, request, problem)

    @router.post("/welcome/{token}", name="join")
    def join(request: Request, token: str, name: Typed = "", address: Typed = "", password: Typed = "") -> Response:
        now = site.clock()
        try:
            with site.database.write() as session:
                if members.invitation(session, token, now).member_id is None:
                    member = members.join(
                        session, site.vault, token, name=name, address=address, password=password, now=now
                    )
                else:
                    member = members.renew(session, token, password, now)
                entry = sessions.begin(session, member, agent(request), now)
        except BadInvitation as problem:
            return _no_welcome(site, request, problem)
        except (DeskError, BadAddress) as problem:
            return _welcome(site, request, token, 422, problem, {"name": name, "address": address})
        return _enter(site, entry)


def _welcome(
    site: Site,
    request: Request,
    token: str,
    status: int = 200,
    problem: Exception | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response:
    """The form behind the link: for somebody new, or for a new password. Raises BadInvitation."""
    with site.database.read() as session:
        found = members.invitation(session, token, site.clock())
        known = members.of(session, found.member_id).name if found.member_id else ""
    wrong = {} if problem is None else {_FIELDS.get(type(problem), "name"): str(problem)}
    values = {"known": known, "typed": typed or {"name": "", "address": ""}, "problems": wrong}
    return site.desk(request, "desk/welcome.html", status=status, **values)


def _no_welcome(site: Site, request: Request, problem: BadInvitation) -> Response:
    return site.desk(request, "desk/no_welcome.html", status=404, problem=str(problem))


def agent(request: Request) -> str:
    """What the browser calls itself."""
    return request.headers.get("user-agent", "")


def _enter(site: Site, token: str) -> Response:
    return give_cookie(site, RedirectResponse(f"{site.root}/desk", status_code=303), token)


def give_cookie(site: Site, answer: Response, token: str) -> Response:
    """The answer, with the cookie of a new session."""
    answer.set_cookie(
        COOKIE,
        token,
        max_age=int(_KEPT.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=site.settings.base_url.startswith("https:"),
    )
    return answer
