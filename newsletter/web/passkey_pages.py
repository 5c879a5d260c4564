"""Passkeys between browser and desk: our own script asks for options, and posts what the device answered."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import BaseModel

from newsletter.desk import members, passkeys, sessions
from newsletter.desk.errors import DeskError, NotSignedIn
from newsletter.desk.passkeys import Place
from newsletter.web.access import member_of
from newsletter.web.door_pages import agent, give_cookie
from newsletter.web.site import Number, Site


class Answer(BaseModel):
    """What the script sends: the credential as the browser writes it in JSON."""

    credential: dict[str, Any]
    name: str = ""


def make_router(site: Site) -> APIRouter:
    """The two ceremonies: sign in, and add a key. Each is a question with a challenge, and its answer."""
    router = APIRouter(prefix="/desk")
    _add_sign_in(router, site)
    _add_adding(router, site)
    return router


def _add_sign_in(router: APIRouter, site: Site) -> None:
    @router.post("/passkeys/challenge", name="passkey_challenge")
    def challenge() -> Response:
        return _options(passkeys.signing_in(_place(site), site.memory.challenges.make(site.clock())))

    @router.post("/passkeys/sign-in", name="passkey_sign_in")
    def sign_in(request: Request, answer: Annotated[Answer, Body()]) -> Response:
        now = site.clock()
        credential = json.dumps(answer.credential)
        try:
            asked = site.memory.challenges.use(credential, now)
            with site.database.write() as session:
                member = passkeys.prove(session, _place(site), asked, credential)
                token = sessions.begin(session, member, agent(request), now)
        except NotSignedIn as problem:
            return _problem(problem)
        return give_cookie(site, JSONResponse({"to": f"{site.root}/desk"}), token)


def _add_adding(router: APIRouter, site: Site) -> None:
    @router.post("/account/passkeys/challenge", name="passkey_options")
    def options(request: Request) -> Response:
        member = member_of(request)
        handle = site.vault.row_mark("member", member.id)
        asked = site.memory.challenges.make(site.clock(), member.id)
        with site.database.read() as session:
            return _options(passkeys.adding(session, member, handle, _place(site), asked))

    @router.post("/account/passkeys", name="add_passkey")
    def add(request: Request, answer: Annotated[Answer, Body()]) -> Response:
        now, member = site.clock(), member_of(request)
        credential = json.dumps(answer.credential)
        try:
            asked = site.memory.challenges.use(credential, now, member.id)
            with site.database.write() as session:
                passkeys.add(session, member, _place(site), asked, credential, answer.name, now)
        except NotSignedIn as problem:
            return _problem(problem)
        return JSONResponse({"to": f"{site.root}/desk/account?done=added"})

    @router.post("/account/passkeys/{number}/remove", name="remove_passkey")
    def remove(request: Request, number: Number) -> Response:
        try:
            with site.database.write() as session:
                passkeys.remove(session, members.of(session, member_of(request).id), number, site.clock())
        except DeskError:
            return RedirectResponse(f"{site.root}/desk/account?done=only-key", status_code=303)
        return RedirectResponse(f"{site.root}/desk/account?done=removed", status_code=303)


def _place(site: Site) -> Place:
    return Place.of(site.settings.base_url, site.brand.name)


def _options(options: str) -> Response:
    return Response(options, media_type="application/json")


def _problem(problem: NotSignedIn) -> Response:
    return JSONResponse({"problem": str(problem)}, status_code=403)
