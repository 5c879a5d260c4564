"""The outline of an issue: passages are added, moved, taken out and brought back; what stands every month."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from issues import arranging
from issues.errors import Unreadable
from issues.models import Fallback, PassageKind
from newsletter.desk import deeds
from newsletter.web.access import member_of
from newsletter.web.issue_desk import Back, Place, Typed, answered, back, changing
from newsletter.web.site import Site


def make_router(site: Site) -> APIRouter:
    """What changes the choice and the order of passages; for editors alone."""
    router = APIRouter(prefix="/desk/issues/{slug}")
    _adding(router, site)
    _moving(router, site)
    _settling(router, site)
    return router


def _adding(router: APIRouter, site: Site) -> None:
    @router.post("/passages", name="add_passage")
    def add(request: Request, slug: str, at: Back, kind: Typed = "", resource: Typed = "") -> Response:
        """A resource from the shelf goes to its kind's section; anything else behind the text that is open."""
        by = member_of(request).name

        def change() -> Response:
            with changing(site, slug) as (session, issue):
                if resource:
                    added = arranging.add_resource(session, issue, _number(resource), by=by, now=site.clock())
                else:
                    added = arranging.add(session, issue, _kind(kind), at.text, by=by, now=site.clock())
                where = Place(added.key, issue.source_language, at.show)
            return back(site, slug, where, did="added")

        return answered(site, request, slug, at, change)

    @router.post("/passages/{key}/remove", name="remove_passage")
    def remove(request: Request, slug: str, key: str, at: Back) -> Response:
        member = member_of(request)

        def change() -> Response:
            with changing(site, slug) as (session, issue):
                following = arranging.remove(session, issue, key, by=member.name, now=site.clock())
                deeds.record(session, member.id, "took out a passage", f"{slug} {key}", site.clock())
            return back(site, slug, Place(following, at.to, at.show), did="removed", of=key)

        return answered(site, request, slug, at, change)

    @router.post("/passages/{key}/restore", name="restore_passage")
    def restore(request: Request, slug: str, key: str, at: Back) -> Response:
        by = member_of(request).name

        def change() -> Response:
            with changing(site, slug) as (session, issue):
                arranging.restore(session, issue, key, by=by, now=site.clock())
            return back(site, slug, Place(key, at.to, at.show), did="back")

        return answered(site, request, slug, at, change)


def _moving(router: APIRouter, site: Site) -> None:
    @router.post("/passages/{key}/move", name="move_passage")
    def move(request: Request, slug: str, key: str, at: Back, before: Typed = "") -> Response:
        """Before another passage, or to the end."""
        by = member_of(request).name

        def change() -> Response:
            with changing(site, slug) as (session, issue):
                stood = arranging.move(session, issue, key, before, by=by, now=site.clock())
            return back(site, slug, at, did="moved", of=key, was=stood)

        return answered(site, request, slug, at, change)


def _settling(router: APIRouter, site: Site) -> None:
    @router.post("/passages/{key}/standing", name="standing_passage")
    def standing(request: Request, slug: str, key: str, at: Back, every_month: Typed = "") -> Response:
        """Whether the passage comes into each new draft."""
        by, stands = member_of(request).name, every_month == "yes"

        def change() -> Response:
            with changing(site, slug) as (session, issue):
                arranging.set_standing(session, issue, key, stands, by=by, now=site.clock())
            return back(site, slug, at, did="standing", of=key, was="no" if stands else "yes")

        return answered(site, request, slug, at, change)

    @router.post("/fallback", name="issue_fallback")
    def fallback(
        request: Request, slug: str, at: Back, fallback: Annotated[Fallback, Form()] = Fallback.LABEL
    ) -> Response:
        """What readers get where a text is not in their language."""
        by = member_of(request).name

        def change() -> Response:
            with changing(site, slug) as (session, issue):
                was = issue.fallback.value
                arranging.set_fallback(session, issue, fallback, by=by, now=site.clock())
            return back(site, slug, at, did="fallback", was=was)

        return answered(site, request, slug, at, change)


def _number(resource: str) -> int:
    if not resource.isdecimal() or len(resource) > 9:
        raise Unreadable("a resource is named by its number; choose one from the list")
    return int(resource)


def _kind(kind: str) -> PassageKind:
    try:
        return PassageKind(kind)
    except ValueError:
        raise Unreadable("there is no passage of that kind; choose one of the buttons below the outline") from None
