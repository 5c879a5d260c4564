"""Every part of the desk in every state, on one page: so the look stays one. In a demonstration only."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from newsletter.delivery.models import State
from newsletter.web.pictures import figures, of_outcomes
from newsletter.web.site import Site

COLOURS = ("paper", "sheet", "well", "title", "ink", "quiet", "accent", "approved", "draft", "stale", "bad", "amber")
OUTCOMES = {State.ACCEPTED: 4229, State.REFUSED: 23, State.GIVEN_UP: 6, State.SKIPPED: 11, State.IN_DOUBT: 2}
BY_LANGUAGE = (
    ("en", "English", (2853, 15, 4, 7, 2)),
    ("es", "Español", (993, 6, 1, 2, 0)),
    ("vi", "Tiếng Việt", (383, 2, 1, 2, 0)),
)


def make_router(site: Site) -> APIRouter:
    """The page of parts; nothing but in a demonstration."""
    router = APIRouter(prefix="/desk")
    if not site.settings.demo:
        return router

    @router.get("/parts", name="parts")
    def parts(request: Request) -> Response:
        return site.desk(
            request,
            "desk/parts/parts.html",
            colours=COLOURS,
            figures=figures(OUTCOMES),
            stretches=of_outcomes(OUTCOMES),
            outcomes=[outcome.value.capitalize() for outcome in OUTCOMES],
            by_language=BY_LANGUAGE,
        )

    return router
