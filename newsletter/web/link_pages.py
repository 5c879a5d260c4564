"""An issue's links are tried when somebody asks for it; the checks say what came of it."""

from dataclasses import dataclass
from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from issues.errors import NotFound
from issues.models import Issue
from newsletter import publishing
from newsletter.desk import deeds
from newsletter.web import issue_view, spoken
from newsletter.web.access import member_of
from newsletter.web.issue_desk import Place, refused, wants_json
from newsletter.web.rounds import Round
from newsletter.web.site import Site


@dataclass(frozen=True)
class Links:
    """What the checks say about trying the links."""

    count: int
    sentence: str
    trying: Round | None


def make_router(site: Site) -> APIRouter:
    """One button."""
    router = APIRouter(prefix="/desk/issues/{slug}")

    @router.post("/links", name="try_links")
    def try_links(request: Request, slug: str) -> Response:
        """Begin to try them; the page that follows shows how far it is. Where somebody began already, nothing is."""
        member = member_of(request)
        database, ask, now = site.database, site.newsletter.ask, site.clock()
        try:
            with database.read() as session:
                issue_view.load(session, slug)
        except NotFound as error:
            return refused(site, request, "", Place(), error)
        go = partial(publishing.try_links, database.read, database.write, ask, slug, now)
        begun = site.memory.rounds.begin(slug, member.name, lambda told: go(told=told))
        if begun:
            with database.write() as session:
                deeds.record(session, member.id, "tried the links", slug, now)
        if not begun and wants_json(request):
            return JSONResponse({"problem": "Somebody is trying the links already."}, status_code=409)
        if wants_json(request):
            return JSONResponse({"words": "The links are being tried."})
        return RedirectResponse(f"{site.root}/desk/issues/{slug}/checks#links", status_code=303)

    return router


def links_of(site: Site, session: Session, issue: Issue, trying: Round | None) -> Links:
    """How the issue's links stand; `trying`: the round that is on its way."""
    known = publishing.known_links(session, issue)
    every = "Its one link was" if known.count == 1 else f"All {known.count} links were"
    if trying:
        far = f": {trying.done} of {trying.of}" if trying.of else ""
        return Links(known.count, f"{trying.by} is trying the links{far}", trying)
    if known.last is None:
        return Links(known.count, "The links were never tried.", None)
    when = spoken.moment(known.last, site.clock(), site.newsletter.zone)
    tried = every if known.tried == known.count else f"{known.tried} of {known.count} links were"
    return Links(known.count, f"{tried} tried, the last {when}.", None)
