"""This month at a glance."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from newsletter.web.site import Site


def make_router(site: Site) -> APIRouter:
    """The desk's first page."""
    router = APIRouter(prefix="/desk")

    @router.get("", name="home")
    def home(request: Request) -> Response:
        return site.desk(request, "desk/home.html")

    return router
