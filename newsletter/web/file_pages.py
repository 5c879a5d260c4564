"""The issue's texts are taken along and given back: as one file, or as a sheet of one language for a translator."""

import re
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import PlainTextResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from issues import exchange, history
from issues.errors import Conflict, IssueError
from issues.exchange import Applied, Given
from issues.languages import name_in
from issues.models import Edit, Issue
from newsletter.desk import deeds
from newsletter.desk.models import Member
from newsletter.web import issue_view
from newsletter.web.access import member_of
from newsletter.web.issue_desk import Back, Place, answered, changing, editor_path, refused
from newsletter.web.issue_view import may_arrange, may_write
from newsletter.web.site import Site

LARGEST_FILE = 4 * 1024 * 1024

SHEETS = {
    "xlsx": (exchange.to_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "csv": (exchange.to_csv, "text/csv; charset=utf-8"),
}
"""How a sheet is written, by the ending of its name, and what kind of file that is."""


def make_router(site: Site) -> APIRouter:
    """Two ways out and one way in: what comes back is known by its content."""
    router = APIRouter(prefix="/desk/issues/{slug}")
    _out(router, site)

    @router.post("/file", name="issue_take_in", max_body_size=LARGEST_FILE)
    def take_in(
        request: Request,
        slug: str,
        at: Back,
        file: Annotated[UploadFile, File()],
        small_edit: Annotated[str, Form(max_length=3)] = "",
    ) -> Response:
        """An edited file or sheet comes back; what somebody changed since is kept, and said."""

        def change() -> Response:
            given = exchange.opened(file.file.read(LARGEST_FILE))
            with changing(site, slug) as (session, issue):
                applied = _apply(site, session, issue, given, member_of(request), small_edit == "yes")
            way = editor_path(site, slug, at)
            return site.desk(request, "desk/issues/taken_in.html", here="Issues", applied=applied, way=way)

        return answered(site, request, slug, at, change)

    return router


def _out(router: APIRouter, site: Site) -> None:
    @router.get("/file", name="issue_file")
    def issue_file(request: Request, slug: str) -> Response:
        """The whole issue as one text file."""
        try:
            with site.database.read() as session:
                text = exchange.export(issue_view.load(session, slug))
        except IssueError as error:
            return refused(site, request, "", Place(), error)
        return PlainTextResponse(text, headers=_saved_as(f"{slug}.md"))

    @router.get("/sheet", name="issue_sheet")
    def issue_sheet(request: Request, slug: str, language: str = "", ending: str = "xlsx") -> Response:
        """One language as a sheet."""
        to_bytes, kind = SHEETS["csv" if ending == "csv" else "xlsx"]
        try:
            with site.database.read() as session:
                data = to_bytes(exchange.sheet(issue_view.load(session, slug), language))
        except IssueError as error:
            return refused(site, request, slug, Place(), error)
        named = f"{slug}-{language}.{'csv' if ending == 'csv' else 'xlsx'}"
        return Response(data, media_type=kind, headers=_saved_as(named))


def _saved_as(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{re.sub("[^a-z0-9.-]", "", name)}"'}


def _apply(site: Site, session: Session, issue: Issue, given: Given, member: Member, small_edit: bool) -> Applied:
    """Take a file in; all of it is given up where it changes what this member may not."""
    before = issue.revision
    applied = exchange.take_in(session, issue, given, by=member.name, now=site.clock(), small_edit=small_edit)
    edits = session.scalars(select(Edit).where(Edit.issue_id == issue.id, Edit.revision > before)).all()
    if not may_arrange(member):
        for edit in edits:
            if edit.what == history.ORDER or not may_write(member, edit.language):
                what = f"the {name_in(edit.language, 'en')} texts" if edit.language else "the order of the passages"
                raise Conflict(f"this file changes {what}, which are not yours to change; nothing was taken in")
    deeds.record(session, member.id, "took in texts", issue.slug, site.clock())
    return applied
