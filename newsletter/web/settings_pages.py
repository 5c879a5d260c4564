"""Settings: what belongs to the newsletter is changed here; what belongs to the machine is only named."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from issues.rendering import Brand
from issues.rendering.brand import colors, contrast
from newsletter import drafting
from newsletter.desk import deeds, habits
from newsletter.desk.errors import DeskError
from newsletter.desk.habits import Habits
from newsletter.desk.specimen import specimen
from newsletter.web import spoken
from newsletter.web.access import member_of
from newsletter.web.opened_mail import html_answer
from newsletter.web.site import Site

Typed = Annotated[str, Form(max_length=400)]

MACHINE = {
    "transport": "the way out: a mail server, or a folder",
    "database_url": "where the database is",
    "keys": "the file with the keys that open addresses",
    "base_url": "where readers reach the pages",
    "from": "who mails come from",
    "reply_to": "where answers go",
    "list_id": "the list's name in mail programs",
    "languages": "the languages of an issue",
    "timezone": "the zone of every time",
}
"""Settings of the machine by name; their values are shown nowhere."""
ENOUGH = 4.5
"""Contrast of text (WCAG 2.2, success criterion 1.4.3)."""


def make_router(site: Site) -> APIRouter:
    """The page of settings, and the look at a brand before it is kept."""
    router = APIRouter(prefix="/desk/settings")

    @router.get("", name="settings")
    def settings(request: Request, kept: bool = False) -> Response:
        return _page(site, request, kept=kept)

    @router.post("/brand", name="settings_brand")
    def brand(
        request: Request,
        brand: Typed = "",
        brand_color: Typed = "",
        accent_color: Typed = "",
        postal_address: Typed = "",
    ) -> Response:
        entered = {"brand": brand, "brand_color": brand_color, "accent_color": accent_color}
        return _keep(site, request, "brand", entered | {"postal_address": postal_address})

    @router.post("/habits", name="settings_habits")
    def habits_(
        request: Request,
        send_at: Typed = "",
        cooling_off: Typed = "",
        confirm_above: Typed = "",
        draft_day: Typed = "",
        draft_at: Typed = "",
    ) -> Response:
        entered = {"send_at": send_at, "cooling_off": cooling_off, "confirm_above": confirm_above}
        return _keep(site, request, "habits", entered | {"draft_day": draft_day, "draft_at": draft_at})

    @router.get("/specimen", name="settings_specimen")
    def look(brand: str = "", brand_color: str = "", accent_color: str = "", postal_address: str = "") -> Response:
        """A mail in these colours; what cannot be is shown as it is kept now."""
        return html_answer(specimen(_tried(site, brand, brand_color, accent_color, postal_address)).html)

    @router.get("/contrast", name="settings_contrast")
    def numbers(request: Request, brand_color: str = "", accent_color: str = "") -> Response:
        """The contrast of these colours, as the page shows it."""
        tried = _tried(site, "", brand_color, accent_color, "")
        return site.desk(request, "desk/settings/contrast.html", contrasts=contrasts(tried), enough=ENOUGH)

    return router


def contrasts(brand: Brand) -> list[tuple[str, float, str]]:
    """Where the two colours meet text: what it is, the contrast, and what the mail does about it."""
    palette = colors(brand)
    return [
        ("The name in the header", contrast(palette.kicker, palette.header), "adjusted to be read on your colour"),
        ("Words on a button", contrast(palette.on_button, palette.button), "black or white, whichever reads better"),
        ("Your colour of links on white", contrast(brand.accent, "#ffffff"), "made darker where it is too light"),
        ("Links as mails show them", contrast(palette.light.link, palette.light.sheet), "in the light"),
        ("Links in the dark", contrast(palette.dark.link, palette.dark.sheet), "in the dark"),
    ]


def _tried(site: Site, name: str, color: str, accent: str, postal_address: str) -> Brand:
    """The brand as it is entered; each part that cannot be is as it is now."""
    now = site.newsletter.brand

    def checked(habit: str, value: str, kept: str) -> str:
        try:
            return habits.checked_habit(habit, value) or kept
        except DeskError:
            return kept

    return Brand(
        checked("brand", name, now.name),
        checked("brand_color", color, now.color),
        checked("accent_color", accent, now.accent),
        checked("postal_address", postal_address, now.postal_address),
    )


def _keep(site: Site, request: Request, form: str, entered: Mapping[str, str]) -> Response:
    try:
        with site.database.write() as session:
            before = habits.habits(session)
            habits.keep(session, entered)
            _mind_the_draft(site, session, before)
            deeds.record(session, member_of(request).id, "changed settings", form, site.clock())
        site.memory.brand.forget()
    except DeskError as problem:
        return _page(site, request, entered=entered, problem=(form, str(problem)))
    return RedirectResponse(f"{site.root}/desk/settings?kept=true", status_code=303)


def _mind_the_draft(site: Site, session: Session, before: Habits) -> None:
    """Who names another day means the next one, and not the one that has passed."""
    now = habits.habits(session)
    if (now.draft_day, now.draft_at) != (before.draft_day, before.draft_at):
        drafting.begin_anew(session, site.newsletter.zone, site.clock())


def _page(
    site: Site,
    request: Request,
    *,
    kept: bool = False,
    entered: Mapping[str, str] | None = None,
    problem: tuple[str, str] = ("", ""),
) -> Response:
    brand = site.newsletter.brand
    with site.database.read() as session:
        habit = habits.habits(session)
    present = {
        "brand": brand.name,
        "brand_color": brand.color,
        "accent_color": brand.accent,
        "postal_address": brand.postal_address,
        "send_at": f"{habit.send_at:%H:%M}",
        "cooling_off": str(habit.cooling_off),
        "confirm_above": str(habit.confirm_above),
        "draft_day": str(habit.draft_day or ""),
        "draft_at": f"{habit.draft_at:%H:%M}",
    }
    drafted = drafting.next_moment(habit, site.newsletter.zone, site.clock())
    return site.desk(
        request,
        "desk/settings/settings.html",
        status=422 if problem[0] else 200,
        here="Settings",
        values=present | dict(entered or {}),
        problem=problem,
        kept=kept,
        contrasts=contrasts(brand),
        enough=ENOUGH,
        machine=MACHINE,
        zone=site.settings.timezone,
        drafted=spoken.soon(drafted, site.clock(), site.newsletter.zone) if drafted else "",
    )
