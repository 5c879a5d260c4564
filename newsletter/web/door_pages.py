"""The desk's door: sign in, sign out, and the link that makes a member."""

from collections import deque
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from newsletter.desk import members, sessions
from newsletter.desk.errors import BadInvitation, DeskError, NotSignedIn
from newsletter.web.access import COOKIE, SIGN_IN
from newsletter.web.site import Site
from subscribers.errors import BadAddress

Typed = Annotated[str, Form(max_length=300)]


class Brake:
    """At most so many wrong tries in a while, for everyone together: a desk has few people, and guessers are quick.

    Kept in memory alone, and it holds no address of anyone.
    """

    MOST = 20
    WHILE = timedelta(minutes=10)

    def __init__(self) -> None:
        self._wrong: deque[datetime] = deque()

    def check(self, now: datetime) -> None:
        """Raise NotSignedIn while there were too many."""
        while self._wrong and self._wrong[0] < now - self.WHILE:
            self._wrong.popleft()
        if len(self._wrong) >= self.MOST:
            raise NotSignedIn("Too many tries went wrong here: wait ten minutes, then try again.")

    def note(self, now: datetime) -> None:
        """One more wrong try."""
        self._wrong.append(now)


def make_router(site: Site) -> APIRouter:
    """The routes that lead in and out."""
    router = APIRouter(prefix="/desk")
    brake = Brake()

    @router.get("/sign-in", name="sign_in_form")
    def ask(request: Request) -> Response:
        return site.desk(request, "desk/sign_in.html", address="", problem="")

    @router.post("/sign-in", name="sign_in")
    def sign_in(request: Request, address: Typed = "", password: Typed = "") -> Response:
        """The same words for known and unknown people."""
        now = site.clock()
        try:
            brake.check(now)
            with site.database.write() as session:
                agent = request.headers.get("user-agent", "")
                token = sessions.sign_in(session, site.vault, address, password, agent, now)
        except NotSignedIn as problem:
            brake.note(now)
            return site.desk(request, "desk/sign_in.html", status=403, address=address, problem=str(problem))
        return _enter(site, token)

    @router.post("/sign-out", name="sign_out")
    def sign_out(request: Request) -> Response:
        with site.database.write() as session:
            sessions.end(session, request.state.member.id, request.state.session)
        answer = RedirectResponse(f"{site.root}{SIGN_IN}", status_code=303)
        answer.delete_cookie(COOKIE, path="/")
        return answer

    @router.get("/welcome/{token}", name="welcome")
    def welcome(request: Request, token: str) -> Response:
        """It changes nothing: a mail scanner that follows the link makes nobody a member."""
        try:
            with site.database.read() as session:
                members.invitation(session, token, site.clock())
        except BadInvitation as problem:
            return site.desk(request, "desk/no_welcome.html", status=404, problem=str(problem))
        return site.desk(request, "desk/welcome.html", typed={}, problem="")

    @router.post("/welcome/{token}", name="join")
    def join(request: Request, token: str, name: Typed = "", address: Typed = "", password: Typed = "") -> Response:
        now = site.clock()
        try:
            with site.database.write() as session:
                member = members.join(
                    session, site.vault, token, name=name, address=address, password=password, now=now
                )
                entry = sessions.begin(session, member, request.headers.get("user-agent", ""), now)
        except BadInvitation as problem:
            return site.desk(request, "desk/no_welcome.html", status=404, problem=str(problem))
        except (DeskError, BadAddress) as problem:
            typed = {"name": name, "address": address}
            return site.desk(request, "desk/welcome.html", status=422, typed=typed, problem=str(problem))
        return _enter(site, entry)

    return router


def _enter(site: Site, token: str) -> Response:
    answer = RedirectResponse(f"{site.root}/desk", status_code=303)
    answer.set_cookie(
        COOKIE,
        token,
        max_age=int(sessions.IDLE.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=site.settings.base_url.startswith("https:"),
    )
    return answer
