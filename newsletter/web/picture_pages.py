"""Pictures: uploaded at the desk, put into an issue and out of it, and served to everybody who reads a mail."""

import re
from threading import Lock
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import JSONResponse, Response

from issues import arranging, pictures
from issues.errors import NotFound
from issues.models import Picture
from newsletter.desk import deeds
from newsletter.web import issue_view
from newsletter.web.access import member_of
from newsletter.web.issue_desk import Back, Place, Typed, answered, back, changing, editor_path, wants_json
from newsletter.web.site import Site
from newsletter.web.uploads import Upload, in_memory

LARGEST_REQUEST = pictures.LARGEST + 8 * 1024 * 1024
"""Somewhat more than is taken, so that a file that is too large hears why."""

_FILE = re.compile(r"([0-9a-f]{32})-([1-9][0-9]{0,4})\.(jpg|png)")
_TYPES = {"jpg": "image/jpeg", "png": "image/png"}
_FOR_YEARS = {
    "Cache-Control": "public, max-age=31536000, immutable",  # the name is made from the content
    "Cross-Origin-Resource-Policy": "cross-origin",  # mail is read on other people's pages
}

_one_at_a_time = Lock()
"""The points of one large picture take up to 600 MB while it is made smaller."""


def make_router(site: Site) -> APIRouter:
    """One address for all readers: nothing in it tells who looks, and nobody writes down that somebody did."""
    router = APIRouter()
    _changing(router, site)

    @router.api_route("/pictures/{file}", methods=["GET", "HEAD"], name="picture")
    def picture(file: str) -> Response:
        asked = _FILE.fullmatch(file)
        with site.database.read() as session:
            found = session.get(Picture, asked[1]) if asked else None
            if found is None or file not in (found.small_file, found.file):
                raise HTTPException(404)
            content = found.small if file == found.small_file else found.large
        return Response(content, media_type=_TYPES[found.format], headers=_FOR_YEARS)

    return router


def _changing(router: APIRouter, site: Site) -> None:
    @router.post("/desk/issues/{slug}/passages/{key}/picture/file", name="add_picture", max_body_size=LARGEST_REQUEST)
    def add(request: Request, slug: str, key: str, upload: Annotated[Upload, Depends(in_memory)]) -> Response:
        """A picture is uploaded for a passage."""
        at = Place(*(upload.fields.get(name, "")[:200] for name in ("text", "to", "show")))

        def change() -> Response:
            return _set(site, request, slug, key, at, _kept(site, upload.file.getvalue()))

        return answered(site, request, slug, at, change)

    @router.post("/desk/issues/{slug}/passages/{key}/picture/offered", name="take_picture")
    def take(request: Request, slug: str, key: str, at: Back) -> Response:
        """The picture on a resource's own page is fetched, with what its author says that it shows."""

        def change() -> Response:
            with site.database.read() as session:
                issue = issue_view.load(session, slug)
                offered = pictures.offered(arranging.find(issue, key))
                if offered is None:
                    raise NotFound("its page has no picture; choose one from your own")
                url, alt = offered.image, offered.alt if offered.language == issue.source_language else ""
            return _set(site, request, slug, key, at, _kept(site, site.newsletter.fetch(url).body), alt)

        return answered(site, request, slug, at, change)

    @router.post("/desk/issues/{slug}/passages/{key}/picture", name="set_picture")
    def set_picture(request: Request, slug: str, key: str, at: Back, picture: Typed = "") -> Response:
        """A picture that is here already stands in a passage again; without one, the passage has none."""
        return answered(site, request, slug, at, lambda: _set(site, request, slug, key, at, picture))


def _kept(site: Site, data: bytes) -> str:
    """The name of the picture in these bytes."""
    with _one_at_a_time:
        made = pictures.encoded(data)
    with site.database.write() as session:
        return pictures.keep(session, made, site.clock()).name


def _set(site: Site, request: Request, slug: str, key: str, at: Place, name: str, alt: str = "") -> Response:
    member = member_of(request)
    with changing(site, slug) as (session, issue):
        was = arranging.set_picture(session, issue, key, name, by=member.name, now=site.clock(), alt=alt)
        what = "gave a text a picture" if name else "took a picture out"
        deeds.record(session, member.id, what, f"{slug} {key}", site.clock())
    did = {"did": "picture", "of": key, "was": was}
    if wants_json(request):
        return JSONResponse({"to": f"{editor_path(site, slug, at, **did)}#text"})
    return back(site, slug, at, **did)
