"""The sources: what they brought, looking at them now, naming another, letting one go."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from issues.errors import IssueError, Unreadable
from issues.models import Issue, Source
from issues.resources import importing
from issues.resources.fetching import check_form, host_of
from issues.resources.importing import SourceReport
from issues.resources.page import source_of
from newsletter.desk import deeds
from newsletter.web import spoken
from newsletter.web.access import member_of
from newsletter.web.shelf_view import SourceView, source_name, source_view
from newsletter.web.site import Site

Typed = Annotated[str, Form(max_length=2000)]
Number = Annotated[int, Form(ge=0, le=2**31 - 1)]

_READ_AS_THEY_ARE = (".csv", ".json", ".xml", ".rss", ".atom", "/feed")
MOST_SLUGS = 36
"""Issues in the list to choose from: three years of months."""


def add_routes(router: APIRouter, site: Site, shown: Callable[[Request, str], Response]) -> None:
    """The routes under the shelf's; `shown` is the shelf with a problem on it."""

    @router.post("/sources", name="add_source")
    def add(request: Request, url: Typed = "", language: Typed = "") -> Response:
        """Name a source and read it at once; a site's own address leads to its feed."""
        try:
            report = _add(site, request, url.strip(), language.strip())
        except IssueError as error:
            return shown(request, str(error))
        return shown(request, report.failure) if report.failure else _back(site, "imported")

    @router.post("/sources/import", name="import_sources")
    def read_now(request: Request, source: Number | None = None) -> Response:
        """Read every source now, or one; a page shows how far it is."""
        with site.database.write() as session:
            known = session.scalars(select(Source.id).order_by(Source.id)).all()
            chosen = [number for number in known if source in (None, number)]
            if site.memory.reading.begin(chosen, partial(_import, site)):
                about = f"source {source}" if source else "all sources"
                deeds.record(session, member_of(request).id, "read the sources", about, site.clock())
        return RedirectResponse(f"{site.root}/desk/resources/sources/import", status_code=303)

    @router.get("/sources/import", name="import_progress")
    def progress(request: Request) -> Response:
        numbers, read = site.memory.reading.standing
        if not numbers:
            return _back(site, "imported")
        with site.database.read() as session:
            told = {
                one.source.id: one for one in views(session, site.memory.reports, site.clock(), site.newsletter.zone)
            }
        sources = [told[number] for number in numbers if number in told]
        if not sources:  # they were let go while they were read
            return _back(site, "imported")
        return site.desk(
            request, "desk/resources/reading.html", here="Resources", sources=sources, read=read, say=spoken
        )

    @router.post("/sources/remove", name="remove_source")
    def remove(request: Request, source: Number) -> Response:
        try:
            with site.database.write() as session:
                url = importing.remove_source(session, source)
                deeds.record(session, member_of(request).id, "removed a source", host_of(url), site.clock())
        except IssueError as error:
            return shown(request, str(error))
        return _back(site, "removed")


def views(session: Session, reports: Mapping[int, SourceReport], now: datetime, zone: ZoneInfo) -> list[SourceView]:
    """Every source as it stands."""
    sources = session.scalars(select(Source).order_by(Source.id))
    return [
        source_view(source, reports.get(source.id), spoken.ago(source.imported_at, now, zone)) for source in sources
    ]


def slugs(session: Session) -> list[Issue]:
    """The issues that one may ask for, the newest first."""
    return list(session.scalars(select(Issue).order_by(Issue.month.desc(), Issue.id.desc()).limit(MOST_SLUGS)))


def _add(site: Site, request: Request, url: str, language: str) -> SourceReport:
    url = url if "://" in url else f"https://{url}"
    check_form(url)
    url = _readable(site, url)
    with site.database.write() as session:
        source = importing.add_source(session, url, language=language or None)
        deeds.record(session, member_of(request).id, "named a source", source_name(source), site.clock())
        number = source.id
    return _import(site, number)


def _readable(site: Site, url: str) -> str:
    """The address to read: this one, or the feed that the page behind it names."""
    path = url.partition("?")[0].rstrip("/").lower()
    if path.endswith(_READ_AS_THEY_ARE) or "/wp-json" in path:
        return url
    fetched = site.newsletter.fetch(url)
    kind = fetched.headers.get("content-type", "")
    if "html" not in kind.lower():
        return url
    found = source_of(fetched.body, fetched.url, kind)
    if not found:
        raise Unreadable(f"{host_of(url)} names no feed that could be read; enter the feed's own address.")
    return found


def _import(site: Site, source: int) -> SourceReport:
    """What a visit to this source brought, kept for the pages too."""
    database = site.database
    made = importing.import_all(database.read, database.write, site.newsletter.fetch, site.clock(), [source])
    report = made[0] if made else SourceReport("", failure="This source was removed in the meantime.")
    site.memory.reports[source] = report
    return report


def _back(site: Site, did: str) -> Response:
    return RedirectResponse(f"{site.root}/desk/resources?did={did}#sources", status_code=303)
