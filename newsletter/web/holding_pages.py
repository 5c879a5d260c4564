"""What we hold: every field about people, for owners and list keepers to read and to print. It names nobody."""

from itertools import groupby

from fastapi import APIRouter, Request
from fastapi.responses import Response

from newsletter import holdings
from newsletter.web.growth import written
from newsletter.web.site import Site


def make_router(site: Site) -> APIRouter:
    """One page."""
    router = APIRouter(prefix="/desk/readers")

    @router.get("/held", name="what_we_hold")
    def what_we_hold(request: Request) -> Response:
        held = holdings.report(site.settings)
        return site.desk(
            request,
            "desk/readers/held.html",
            here="Readers",
            current="true",
            parts=[(about, list(tables)) for about, tables in groupby(held, lambda table: table.about)],
            outside=holdings.OUTSIDE,
            not_held=holdings.NOT_HELD,
            written=written,
            day=site.clock().astimezone(site.newsletter.zone).date(),
        )

    return router
