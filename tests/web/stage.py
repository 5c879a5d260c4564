"""One application for all tests of a process, since to build it takes longer than most tests run.

Each test puts its site in. A site brings its own database, keys, settings, clock and memory; the application itself
keeps nothing.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from fastapi import APIRouter, FastAPI

from newsletter.config import Settings
from newsletter.db import Database
from newsletter.web.app import app_over
from newsletter.web.site import Site
from subscribers.vault import Vault


class Stage:
    """Looks like the site that plays now."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def __getattr__(self, name: str) -> Any:
        return getattr(self.site, name)


_built: dict[tuple[object, ...], tuple[Stage, FastAPI]] = {}


def on_stage(
    database: Database, vault: Vault, settings: Settings, clock: Callable[[], datetime], *more: APIRouter
) -> FastAPI:
    """The application over what it is given, with `more` routes, until the next is put on at the same address."""
    site = Site(database, vault, settings, clock)
    built_for = settings.base_url, settings.demo, *map(id, more)  # all that building looks at
    if built_for not in _built:
        stage = Stage(site)
        app = app_over(stage)  # type: ignore[arg-type] # it hands on whatever a site is asked for
        for router in more:
            app.include_router(router)
        _built[built_for] = stage, app
    stage, app = _built[built_for]
    stage.site = site
    return app
