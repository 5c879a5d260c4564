"""One text of an issue: saved while it is typed, approved, taken back, and its history."""

import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy.orm import Session

from issues import editing
from issues.editing import Cell, Seen, TextConflict
from issues.errors import IssueError, NotFound
from issues.fields import FIELDS
from issues.languages import direction, name_in, own_name
from issues.matrix import source_digest
from issues.models import Edit, Issue
from newsletter.desk import deeds
from newsletter.desk.models import Member
from newsletter.web import issue_view
from newsletter.web.access import member_of
from newsletter.web.issue_desk import Back, Place, answered, back, changing, editor_path, refused, wants_json, writer
from newsletter.web.issue_view import View
from newsletter.web.site import Site

LARGEST_TEXT = 512 * 1024
MOST_AT_ONCE = 400


async def typed(request: Request) -> dict[str, str]:
    """Every field of the form as text: which there are depends on the passage."""
    form = await request.form(max_fields=40, max_files=0, max_part_size=LARGEST_TEXT)
    return {name: value for name, value in form.items() if isinstance(value, str)}


Words = Annotated[dict[str, str], Depends(typed)]


def make_router(site: Site) -> APIRouter:
    """Saving, approving and taking back; the history; who else is here."""
    router = APIRouter(prefix="/desk/issues/{slug}")
    _saving(router, site)
    _approving(router, site)
    _history_routes(router, site)

    @router.get("/presence", name="presence")
    def here(request: Request, slug: str, text: str, to: str) -> Response:
        """Who else has this text open, and which revision it is at."""
        member = member_of(request)
        others = site.memory.presence.note((slug, text, to), member.id, member.name, site.clock())
        with site.database.read() as session:
            try:
                cell = editing.find(issue_view.load(session, slug), text, to)
            except NotFound as error:
                return JSONResponse({"problem": str(error)}, status_code=404)
            return JSONResponse({"here": others, "revision": cell.revision})

    return router


def _saving(router: APIRouter, site: Site) -> None:
    @router.post("/texts/{key}/{language}", name="save_text", max_body_size=LARGEST_TEXT)
    def save(request: Request, slug: str, key: str, language: str, words: Words) -> Response:
        """The same for a form and for the script that saves while somebody types."""

        def change() -> Response:
            with changing(site, slug) as (session, issue):
                saved = _saved(_save(site, session, issue, key, language, words, writer(request, language)))
            return JSONResponse(saved) if wants_json(request) else back(site, slug, _place(words), did="saved")

        return _kept(site, request, (slug, key, language), words, change)


def _approving(router: APIRouter, site: Site) -> None:
    @router.post("/texts/{key}/{language}/true", name="confirm_text", max_body_size=LARGEST_TEXT)
    def confirm(request: Request, slug: str, key: str, language: str, words: Words) -> Response:
        """Somebody says by name that a translation is true as it stands, though its source changed."""
        member = writer(request, language)

        def change() -> Response:
            with changing(site, slug) as (session, issue):
                cell = _save(site, session, issue, key, language, words, member)
                seen = Seen(cell.revision, words.get("source") or None)
                editing.confirm(session, issue, key, language, seen=seen, by=member.name, now=site.clock())
                deeds.record(session, member.id, "kept a text as true", f"{slug} {key} {language}", site.clock())
            return back(site, slug, _place(words), did="true")

        return _kept(site, request, (slug, key, language), words, change)

    @router.post("/texts/{key}/{language}/approve", name="approve_text", max_body_size=LARGEST_TEXT)
    def approve(request: Request, slug: str, key: str, language: str, words: Words) -> Response:
        """Save what stands in the form, and approve it; where somebody wrote meanwhile, look again."""
        member = writer(request, language)

        def change() -> Response:
            with changing(site, slug) as (session, issue):
                cell = _save(site, session, issue, key, language, words, member)
                was = cell.wording.source_digest if cell.wording else None
                seen = Seen(cell.revision, source_digest(cell.passage) if cell.is_source else words.get("source"))
                editing.approve(session, issue, key, language, seen=seen, by=member.name, now=site.clock())
                deeds.record(session, member.id, "approved a text", f"{slug} {key} {language}", site.clock())
            return back(site, slug, _place(words), did="approved", of=f"{key} {language}", was=was or "")

        return _kept(site, request, (slug, key, language), words, change)

    _approving_several(router, site)


def _approving_several(router: APIRouter, site: Site) -> None:
    @router.post("/approve", name="approve_texts")
    def approve_shown(request: Request, slug: str, at: Back, cells: Annotated[str, Form()] = "") -> Response:
        """Approve the drafts that a page showed; those that changed since stay drafts."""

        def change() -> Response:
            with changing(site, slug) as (session, issue):
                done = _approve_all(site, session, issue, cells, request)
            return back(site, slug, at, did="approved", of=",".join(done)) if done else back(site, slug, at)

        return answered(site, request, slug, at, change)

    @router.post("/withdraw", name="withdraw_texts")
    def withdraw(
        request: Request,
        slug: str,
        at: Back,
        cells: Annotated[str, Form()] = "",
        made_from: Annotated[str, Form(max_length=64)] = "",
    ) -> Response:
        """Approvals are taken back: these texts are drafts again."""

        def change() -> Response:
            with changing(site, slug) as (session, issue):
                for key, language, *_ in _cells(cells):
                    by = writer(request, language).name
                    editing.withdraw(
                        session, issue, key, language, by=by, now=site.clock(), made_from=made_from or None
                    )
            return back(site, slug, at, did="withdrawn")

        return answered(site, request, slug, at, change)


def _history_routes(router: APIRouter, site: Site) -> None:
    @router.get("/texts/{key}/{language}/history", name="text_history")
    def text_history(request: Request, slug: str, key: str, language: str) -> Response:
        """What a text said before, and who wrote it."""
        with site.database.read() as session:
            try:
                issue = issue_view.load(session, slug)
                cell = editing.find(issue, key, language)
            except NotFound as error:
                return refused(site, request, slug, Place(), error)
            now, member = site.clock(), member_of(request)
            view = View(session, issue, member, now, site.settings.timezone, {"text": key, "to": language})
            return site.desk(
                request,
                "desk/issues/history.html",
                here="Issues",
                current="true",
                view=view,
                cell=cell,
                entries=_entries(view, editing.sittings(session, issue, key, language)),
                labels=issue_view.LABELS,
                way=direction,
                own_name=own_name,
                name_in=name_in,
                editor=editor_path(site, slug, Place(key, language)),
            )

    @router.post("/texts/{key}/{language}/restore", name="restore_text")
    def restore(
        request: Request,
        slug: str,
        key: str,
        language: str,
        at: Back,
        edit: Annotated[int, Form(ge=0, le=2**31 - 1)] = 0,
    ) -> Response:
        """A text says again what it said then."""
        member = writer(request, language)

        def change() -> Response:
            with changing(site, slug) as (session, issue):
                editing.restore(session, issue, key, language, edit, by=member.name, now=site.clock())
            return back(site, slug, at, did="restored")

        return answered(site, request, slug, at, change)


def _kept(
    site: Site, request: Request, cell: tuple[str, str, str], words: Mapping[str, str], change: Callable[[], Response]
) -> Response:
    """What `change` answers; or both texts, where somebody else wrote; or the sentence of its error."""
    try:
        return change()
    except TextConflict as conflict:
        return _conflict(site, request, cell, words, conflict)
    except IssueError as error:
        return refused(site, request, cell[0], _place(words), error)


def _save(
    site: Site, session: Session, issue: Issue, key: str, language: str, words: Mapping[str, str], member: Member
) -> Cell:
    return editing.save(
        session,
        issue,
        key,
        language,
        _fields(editing.find(issue, key, language), words),
        seen=_seen(words),
        by=member.name,
        now=site.clock(),
        small_edit=words.get("small_edit") == "yes",
    )


def _place(words: Mapping[str, str]) -> Place:
    return Place(*(words.get(name, "")[:200] for name in ("text", "to", "show")))


def _seen(words: Mapping[str, str]) -> Seen:
    """What the page that sent this showed."""
    try:
        sent = json.loads(words.get("unanswered", "")) if words.get("unanswered") else None
    except ValueError:
        sent = None
    unanswered = {str(name): str(text) for name, text in sent.items()} if isinstance(sent, dict) else None
    return Seen(_revision(words.get("base", "")), words.get("source") or None, unanswered)


def _revision(text: str) -> int:
    """A revision as a page sent it; 0, which nothing is at, for what is none."""
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _fields(cell: Cell, words: Mapping[str, str]) -> dict[str, str]:
    """The passage's fields; one that the form did not have keeps its words."""
    kept = cell.fields
    return {name: words.get(f"field-{name}", kept.get(name, "")) for name in FIELDS[cell.passage.kind].all}


def _saved(cell: Cell) -> dict[str, Any]:
    return {"revision": cell.revision, "state": cell.state, "words": issue_view.counted(cell.fields)}


def _conflict(
    site: Site, request: Request, where: tuple[str, str, str], words: Mapping[str, str], conflict: TextConflict
) -> Response:
    """Both texts, so that nobody's words are lost."""
    slug, key, language = where
    when = issue_view.day(conflict.at, site.clock(), site.settings.timezone) if conflict.at else ""
    if wants_json(request):
        theirs = {"theirs": conflict.theirs, "by": conflict.by, "at": when, "revision": conflict.revision}
        return JSONResponse({"problem": str(conflict), **theirs}, status_code=409)
    with site.database.read() as session:
        issue = issue_view.load(session, slug)
        cell = editing.find(issue, key, language)
        return site.desk(
            request,
            "desk/issues/conflict.html",
            status=409,
            here="Issues",
            issue=issue,
            conflict=conflict,
            when=when,
            names=issue_view.fields_of(cell.passage),
            mine=_fields(cell, words),
            labels=issue_view.LABELS,
            key=key,
            tongue=language,
            way=direction,
            own_name=own_name,
            source=words.get("source", ""),
            place=_place(words),
            editor=editor_path(site, slug, _place(words)),
        )


def _cells(cells: str) -> list[list[str]]:
    """`7 es 12 DIGEST,...`: key, language, and for an approval what was seen."""
    return [parts for cell in cells.split(",")[:MOST_AT_ONCE] if len(parts := cell.split()) >= 2]


def _approve_all(site: Site, session: Session, issue: Issue, cells: str, request: Request) -> list[str]:
    done = []
    for key, language, *seen in _cells(cells):
        member = writer(request, language)
        saw = Seen(_revision(seen[0] if seen else ""), seen[1] if len(seen) > 1 else None)
        try:
            editing.approve(session, issue, key, language, seen=saw, by=member.name, now=site.clock())
        except IssueError:
            continue
        done.append(f"{key} {language}")
    if done:
        deeds.record(session, member_of(request).id, "approved texts", f"{issue.slug}: {len(done)}", site.clock())
    return done


def _entries(view: View, edits: list[Edit]) -> list[tuple[Edit, str, str]]:
    if not edits:
        raise HTTPException(404)
    return [(edit, view.day(edit.at), _DID.get(edit.what, "wrote")) for edit in edits]


_DID = {
    "text": "wrote",
    "small-edit": "made a small edit; translations stay true",
    "approval": "approved",
    "withdrawal": "took the approval back",
}
