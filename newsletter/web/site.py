"""What every page is made with: the database, the vault, the settings, the clock, and the frame around a text."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path as FilePath
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Form, Path, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import Field
from sqlalchemy.exc import DBAPIError

from issues.languages import days, direction, own_name, words
from issues.rendering import Brand
from newsletter.config import Settings
from newsletter.db import Database
from newsletter.desk import habits
from newsletter.desk.models import Role
from newsletter.web.memory import Memory
from newsletter.wiring import Newsletter
from subscribers.audience import preferred
from subscribers.journal import Journal
from subscribers.vault import Vault

TEMPLATES = FilePath(__file__).parents[2] / "templates" / "web"
LANGUAGES = ("en", "es", "vi", "ar")
"""The languages that the pages' own words exist in; the first is the last resort."""

DEMONSTRATION_PLACES = (("/", "Overview"), ("/inbox", "Inbox"))
DESK_PLACES = (
    ("/desk", "This month"),
    ("/desk/issues", "Issues"),
    ("/desk/resources", "Resources"),
    ("/desk/readers", "Readers"),
    ("/desk/settings", "Settings"),
)
"""The pages that the head of every page names: path and name."""
OWNERS_PLACES = frozenset({"Settings"})
"""Those that only owners may open."""

_LONGEST_HEADER = 500
_RANGE = re.compile(r"\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?")
"""One language range with its weight (RFC 9110, section 12.5.4)."""


Number = Annotated[int, Path(ge=0, le=2**31 - 1)]
"""A row's, in the address of a page: what no database would take for one is refused."""
Numbers = Annotated[Sequence[Annotated[int, Field(ge=0, le=2**31 - 1)]], Form(max_length=1000)]
"""Rows' that a form names, such as by ticks."""


@dataclass(frozen=True)
class Site:
    """Handed to every pages module."""

    database: Database
    vault: Vault
    settings: Settings
    clock: Callable[[], datetime]
    """Gives the present, aware and in UTC."""
    memory: Memory = field(default_factory=Memory)

    @property
    def root(self) -> str:
        """The path that all pages lie under; mostly empty."""
        return urlsplit(self.settings.base_url).path

    @cached_property
    def journal(self) -> Journal:
        return self.newsletter.journal

    @property
    def newsletter(self) -> Newsletter:
        """The installation: its brand, its press and its way out."""
        return Newsletter(self.settings, self.database)

    @property
    def brand(self) -> Brand:
        """Who speaks; another process may have changed it within the last second."""
        return self.memory.brand.of(lambda: self.newsletter.brand)

    def desk(self, request: Request, template: str, *, status: int = 200, **values: object) -> HTMLResponse:
        """A page of the desk: it knows who is signed in (nobody at the door)."""
        member = request.state.member
        owner = member is not None and member.role is Role.OWNER
        places = [place for place in DESK_PLACES if owner or place[1] not in OWNERS_PLACES]
        frame = {"member": member, "places": places}
        return self.page(template, "en", status=status, **(frame | values))

    def page(self, template: str, language: str, *, status: int = 200, **values: object) -> HTMLResponse:
        """The page made from `template`, its own words in `language`."""
        brand = self._brand_or_file()
        html = (
            _templates()
            .get_template(template)
            .render(
                **({"member": None, "places": DEMONSTRATION_PLACES, "own_name": own_name} | values),
                demo=self.settings.demo,
                language=language,
                direction=direction(language),
                brand=brand.name,
                postal_address=brand.postal_address,
                root=self.root,
                _=words(language).gettext,
                ngettext=words(language).ngettext,
                sign_up_days=days(self.settings.sign_up_days, language),
                undo_days=days(self.settings.undo_days, language),
            )
        )
        return HTMLResponse(html, status_code=status)

    def _brand_or_file(self) -> Brand:
        """An error page is shown also where the database is what failed."""
        try:
            return self.brand
        except DBAPIError:
            return habits.brand_of_file(self.settings)


def page_language(request: Request, languages: str = "") -> str:
    """The language of a page: the link's (`?lang=`), else the reader's own (`languages` as kept, or as the form says),
    else the browser's, else English."""
    accepted = _accepted(request.headers.get("accept-language", ""))
    wanted = (request.query_params.get("lang", "")[:_LONGEST_HEADER], languages, accepted)
    return next((found for tags in wanted if (found := preferred(tags, LANGUAGES))), LANGUAGES[0])


def _accepted(header: str) -> str:
    """The languages of an Accept-Language header, the most wanted first, parted by commas."""
    ranges = [found for part in header[:_LONGEST_HEADER].split(",") if (found := _RANGE.fullmatch(part))]
    weighed = [(float(found[2] or 1), found[1].lower()) for found in ranges]
    return ",".join(tag for weight, tag in sorted(weighed, key=lambda pair: -pair[0]) if weight > 0)


@cache
def _templates() -> Environment:
    return Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
