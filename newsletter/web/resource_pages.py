"""The shelf: looking through the resources, writing one down, pairing, putting away."""

from collections.abc import Callable, Iterable
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from issues import composing
from issues.errors import IssueError, NotFound
from issues.languages import direction, name_in, own_name
from issues.models import Resource, Source
from issues.rendering.kinds import KINDS
from issues.resources import by_hand, pairing, shelf
from issues.resources.by_hand import Written
from issues.resources.page import PageHead, read
from issues.resources.shelf import Wanted
from newsletter.desk import deeds
from newsletter.publishing import find_issue
from newsletter.web import shelf_view, source_pages, spoken
from newsletter.web.access import ROLES, member_of
from newsletter.web.site import Number, Site

Typed = Annotated[str, Form(max_length=2000)]
Text = Annotated[str, Form(max_length=20_000)]
Given = Annotated[int, Field(ge=0, le=2**31 - 1)]
Numbers = Annotated[list[Given], Form(max_length=20)]


def entered(
    title: Typed = "",
    summary: Text = "",
    language: Typed = "",
    link: Typed = "",
    image: Typed = "",
    kind: Typed = "",
    resource: Typed = "",
) -> dict[str, str]:
    """The fields of the form for one text."""
    return {
        "title": title,
        "summary": summary,
        "language": language,
        "link": link,
        "image": image,
        "kind": kind,
        "resource": resource,
    }


Entered = Annotated[dict[str, str], Depends(entered)]

MOST_PARTNERS = 8
"""Resources that a search for a partner shows."""


def make_router(site: Site) -> APIRouter:
    """The shelf and its sources."""
    router = APIRouter(prefix="/desk/resources")
    source_pages.add_routes(router, site, lambda request, problem: shelf_page(site, request, problem))
    _make_views(router, site)
    _make_additions(router, site)
    _make_places(router, site)
    _make_pairs(router, site)
    return router


def _make_views(router: APIRouter, site: Site) -> None:
    @router.get("", name="resources")
    def resources(request: Request) -> Response:
        return shelf_page(site, request)

    @router.get("/new", name="resource_form")
    def blank(request: Request, resource: str = "") -> Response:
        """To write one down, or one more language of a resource."""
        return _form(site, request, {"resource": resource if resource.isdecimal() else ""})

    @router.get("/{number}", name="resource")
    def resource(request: Request, number: Number, q: str = "") -> Response:
        with site.database.read() as session:
            return _resource_page(site, request, session, _found(session, number), q[:200])


def _make_additions(router: APIRouter, site: Site) -> None:
    @router.post("", name="add_resource")
    def add(request: Request, typed: Entered) -> Response:
        """A resource by hand; with `resource`, one more language of that one."""
        written = Written(**{name: typed[name] for name in ("language", "title", "summary", "link", "image")})
        try:
            with site.database.write() as session:
                number = _add(session, written, typed["kind"], typed["resource"], site)
                _note(session, request, site, "added a text by hand", number)
        except IssueError as error:
            return _form(site, request, typed, str(error))
        return _to(site, f"/{number}" if typed["resource"] else "", did="added", of=number)

    @router.post("/paste", name="paste_link")
    def paste(request: Request, link: Typed = "") -> Response:
        """Look at the page behind a link, and propose what it says of itself."""
        link = link.strip() if "://" in link else f"https://{link.strip()}"
        with site.database.read() as session:
            known = by_hand.find_link(session, link)
            if known:
                return _to(site, f"/{known.id}", did="known", of=known.id)
        try:
            fetched = site.newsletter.fetch(link)
        except IssueError as error:
            return _form(site, request, {"link": link}, str(error))
        return _form(site, request, _proposed(read(fetched.body, fetched.url, fetched.headers.get("content-type", ""))))


def _make_places(router: APIRouter, site: Site) -> None:
    @router.post("/{number}/dismiss", name="dismiss_resource")
    def dismiss(request: Request, number: Number, back: Typed = "") -> Response:
        def change(session: Session) -> Resource:
            return shelf.dismiss(session, number, site.clock())

        return _changed(site, request, back, "dismissed", change)

    @router.post("/{number}/restore", name="restore_resource")
    def restore(request: Request, number: Number, back: Typed = "") -> Response:
        return _changed(site, request, back, "restored", lambda session: shelf.restore(session, number))

    @router.post("/{number}/language", name="set_text_language")
    def speak(
        request: Request, number: Number, text: Annotated[Given, Form()], language: Typed, back: Typed = ""
    ) -> Response:
        def change(session: Session) -> Resource:
            if shelf.text_numbered(session, text).resource_id != number:
                raise NotFound(f"Resource {number} has no such text.")
            return shelf.set_language(session, text, language).resource

        return _changed(site, request, back, "spoken", change)

    @router.post("/{number}/place", name="place_resource")
    def place(request: Request, number: Number, issue: Typed, back: Typed = "") -> Response:
        def change(session: Session) -> Resource:
            into = find_issue(session, issue)
            passage = composing.place(session, into, number, by=member_of(request).name, now=site.clock())
            return shelf.resource_numbered(session, passage.resource_id or number)

        return _changed(site, request, back, "placed", change)


def _make_pairs(router: APIRouter, site: Site) -> None:
    @router.post("/pair", name="pair_resources")
    def pair(request: Request, resource: Numbers, back: Typed = "") -> Response:
        """The texts of all others join the first."""
        moved: list[int] = []

        def change(session: Session) -> Resource:
            moved.extend(text.id for other in resource[1:] for text in shelf.resource_numbered(session, other).texts)
            for other in resource[1:]:
                pairing.pair(session, resource[0], other)
            return shelf.resource_numbered(session, resource[0])

        return _changed(site, request, back, "paired", change, moved)

    @router.post("/apart", name="keep_apart")
    def apart(request: Request, resource: Numbers, back: Typed = "") -> Response:
        def change(session: Session) -> Resource:
            pairing.keep_apart(session, resource)
            return shelf.resource_numbered(session, resource[0])

        return _changed(site, request, back, "apart", change, resource)

    @router.post("/apart/undo", name="propose_again")
    def together(request: Request, resource: Numbers, back: Typed = "") -> Response:
        def change(session: Session) -> Resource:
            pairing.propose_again(session, resource)
            return shelf.resource_numbered(session, resource[0])

        return _changed(site, request, back, "proposed", change)

    @router.post("/{number}/unpair", name="unpair_texts")
    def unpair(request: Request, number: Number, text: Numbers, back: Typed = "") -> Response:
        """These texts leave the resource, together."""
        ids: list[int] = [number]

        def change(session: Session) -> Resource:
            if any(shelf.text_numbered(session, one).resource_id != number for one in text):
                raise NotFound(f"Resource {number} has no such text.")
            first, *others = [pairing.unpair(session, one) for one in dict.fromkeys(text)]
            for other in others:
                pairing.merge(session, first, other)
            ids.append(first.id)
            return first

        return _changed(site, request, back, "parted", change, ids)


def shelf_page(site: Site, request: Request, problem: str = "") -> Response:
    """The list, with what is proposed to be paired, and the sources beside it."""
    seen = shelf_view.asked(request.query_params, site.settings.languages)
    with site.database.read() as session:
        found = shelf.browse(session, seen.wanted, seen.page)
        names = _source_names(session)
        now, zone = site.clock(), site.settings.timezone
        entries = [
            shelf_view.entry(one, found.placed.get(one.id, ()), names, site.settings.languages, now, zone)
            for one in found.resources
        ]
        return site.desk(
            request,
            "desk/resources/list.html",
            status=422 if problem else 200,
            **_frame(request, site, session, seen.back),
            seen=seen,
            entries=entries,
            found=found,
            more=found.count > (seen.page + 1) * shelf.PAGE,
            whole=shelf.count(session),
            away=shelf.count(session, dismissed=True),
            pairs=shelf_view.pairs(session) if seen.is_plain else [],
            kinds=shelf.kinds(session),
            names=names,
            reading=bool(site.memory.reading.standing[0]),
            sources=source_pages.views(session, site.memory.reports, now, site.newsletter.zone),
            issues=source_pages.slugs(session),
            problem=problem,
        )


def _resource_page(site: Site, request: Request, session: Session, resource: Resource, words: str) -> Response:
    names = _source_names(session)
    placed = shelf.issues_with(session, resource.id)
    languages = site.settings.languages
    told = shelf_view.entry(resource, placed, names, languages, site.clock(), site.settings.timezone)
    partners = shelf.browse(session, Wanted(words=words)).resources if words else []
    return site.desk(
        request,
        "desk/resources/resource.html",
        **_frame(request, site, session, f"/{resource.id}"),
        entry=told,
        texts=[shelf_view.text_view(text, names) for text in shelf_view.in_order(resource, languages)],
        words=words,
        partners=[one for one in partners if one is not resource][:MOST_PARTNERS],
    )


def _form(site: Site, request: Request, typed: dict[str, Any], problem: str = "") -> Response:
    """The form for one text; what was typed stays, also where it could not be taken."""
    blank = dict.fromkeys(("title", "summary", "language", "link", "image", "kind", "resource"), "")
    return site.desk(
        request,
        "desk/resources/form.html",
        status=422 if problem else 200,
        here="Resources",
        typed=blank | typed,
        problem=problem,
        kinds=KINDS,
        languages=site.settings.languages,
        own_name=own_name,
        proposed=bool(typed.get("title") and not problem),
    )


def _frame(request: Request, site: Site, session: Session, back: str) -> dict[str, Any]:
    """What both pages need."""
    role = member_of(request).role
    changes = ("add_resource", "dismiss_resource", "place_resource", "pair_resources", "import_sources")
    return {
        "here": "Resources",
        "back": back,
        "done": shelf_view.done(session, request.query_params, back),
        "open_issues": shelf_view.open_issues(session),
        "may": {name: role in ROLES.get(name, ()) for name in changes},
        "languages": site.settings.languages,
        "own_name": own_name,
        "name_in": name_in,
        "way": direction,
        "excerpt": shelf_view.excerpt,
        "say": spoken,
        "year": site.clock().astimezone(site.newsletter.zone).year,
    }


def _proposed(head: PageHead) -> dict[str, str]:
    return {
        "title": head.title,
        "summary": head.summary,
        "language": head.language or "",
        "link": head.link,
        "image": head.image,
    }


def _add(session: Session, written: Written, kind: str, resource: str, site: Site) -> int:
    if resource.isdecimal() and len(resource) < 10:
        return by_hand.add_text(session, int(resource), written, site.clock()).resource_id
    return by_hand.add(session, written, kind, site.clock()).id


def _changed(
    site: Site,
    request: Request,
    back: str,
    did: str,
    change: Callable[[Session], Resource],
    numbers: Iterable[int] = (),
) -> Response:
    """Make one change and lead back; `numbers` are what its reverse needs."""
    try:
        with site.database.write() as session:
            number = change(session).id
            _note(session, request, site, did, number)
    except IssueError as error:
        return _refused(site, request, error, back)
    at = back if back[:1] == "/" and back[1:].isdecimal() else ""
    if at and did == "paired":
        at = f"/{number}"
    asked = shelf_view.list_query("" if at else back)
    return _to(site, at, asked, did=did, of=number, **{"with": ",".join(map(str, numbers))})


def _to(site: Site, at: str, asked: str = "", **did: object) -> Response:
    said = urlencode({name: value for name, value in did.items() if value != ""})
    query = "&".join(part for part in (asked, said) if part)
    return RedirectResponse(f"{site.root}/desk/resources{at}?{query}", status_code=303)


def _refused(site: Site, request: Request, error: IssueError, back: str) -> Response:
    status = 404 if isinstance(error, NotFound) else 409
    sentence = spoken.sentence(error)
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"problem": sentence}, status_code=status)
    way = f"?{asked}" if (asked := shelf_view.list_query(back)) else ""
    return site.desk(
        request, "desk/resources/refused.html", status=status, here="Resources", sentence=sentence, way=way
    )


def _note(session: Session, request: Request, site: Site, did: str, number: int) -> None:
    deeds.record(session, member_of(request).id, did, f"resource {number}", site.clock())


def _source_names(session: Session) -> dict[int, str]:
    return {source.id: shelf_view.source_name(source) for source in session.scalars(select(Source).order_by(Source.id))}


def _found(session: Session, number: int) -> Resource:
    resource = session.get(Resource, number)
    if resource is None:
        raise HTTPException(404)
    return resource
