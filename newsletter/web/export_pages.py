"""The list as a file, for its keeper. It is asked for by a button, and who asked is written down."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import StreamingResponse

from newsletter.desk import deeds
from newsletter.web.access import member_of
from newsletter.web.site import Site
from subscribers import exporting


class Kind(StrEnum):
    """What kind of file; RAW is a table whose cells may run as formulas."""

    CSV = "csv"
    RAW = "raw"
    JSON = "json"


def make_router(site: Site) -> APIRouter:
    """One button."""
    router = APIRouter(prefix="/desk/readers")

    @router.post("/export", name="readers_export")
    def export(request: Request, kind: Annotated[Kind, Form()] = Kind.CSV) -> StreamingResponse:
        with site.database.write() as session:
            deeds.record(session, member_of(request).id, "exported the list", kind.value, site.clock())
        day = site.clock().astimezone(site.newsletter.zone).date()
        table = kind is not Kind.JSON
        name = f"readers-{day}.{'csv' if table else 'json'}"
        return StreamingResponse(
            _written(site, kind),
            media_type="text/csv; charset=utf-8" if table else "application/json",
            headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
        )

    return router


def _written(site: Site, kind: Kind) -> Iterator[str]:
    with site.database.read() as session:
        if kind is Kind.JSON:
            yield from exporting.as_json(session, site.vault)
        else:
            yield from exporting.as_csv(session, site.vault, raw=kind is Kind.RAW)
