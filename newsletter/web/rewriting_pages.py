"""One text of a resource in a person's own words. The issues that it stands in keep what they hold of it."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from issues.errors import IssueError, NotFound
from issues.languages import direction, name_in, own_name
from issues.models import ResourceText
from issues.resources import rewriting, shelf
from newsletter.desk import deeds
from newsletter.web import spoken
from newsletter.web.access import member_of
from newsletter.web.site import Number, Site

AT = "/{number}/texts/{text}"


def typed(
    title: Annotated[str, Form(max_length=2000)] = "",
    summary: Annotated[str, Form(max_length=20_000)] = "",
    link: Annotated[str, Form(max_length=2000)] = "",
) -> dict[str, str]:
    """The words in the form."""
    return {"title": title, "summary": summary, "link": link}


Typed = Annotated[dict[str, str], Depends(typed)]


def make_router(site: Site) -> APIRouter:
    """The form for a text, what it changes, and the way back to the source's words."""
    router = APIRouter(prefix="/desk/resources")

    @router.get(AT, name="text_form")
    def ask(request: Request, number: Number, text: Number) -> Response:
        return _page(site, request, number, text)

    @router.post(AT, name="rewrite_text")
    def rewrite(
        request: Request, number: Number, text: Number, words: Typed, seen: Annotated[str, Form(max_length=64)] = ""
    ) -> Response:
        try:
            with site.database.write() as session:
                _only_of(number, rewriting.rewrite(session, text, words, seen, site.clock()))
                deeds.record(session, member_of(request).id, "rewrote a text", f"resource {number}", site.clock())
        except NotFound:
            raise HTTPException(404) from None
        except IssueError as problem:
            return _page(site, request, number, text, words, problem)
        return _back(site, number, "rewritten")

    @router.post(f"{AT}/give-back", name="give_text_back")
    def give_back(request: Request, number: Number, text: Number) -> Response:
        """The source's words count again."""
        try:
            with site.database.write() as session:
                _only_of(number, rewriting.give_back(session, text))
                deeds.record(session, member_of(request).id, "gave a text back", f"resource {number}", site.clock())
        except NotFound:
            raise HTTPException(404) from None
        return _back(site, number, "given-back")

    return router


def _page(
    site: Site,
    request: Request,
    number: int,
    text: int,
    words: Mapping[str, str] | None = None,
    problem: IssueError | None = None,
) -> Response:
    """The form. What was typed stays, also where it could not be taken; what stands now is shown beside it then."""
    with site.database.read() as session:
        try:
            kept = _only_of(number, shelf.text_numbered(session, text))
        except NotFound:
            raise HTTPException(404) from None
        now = {name: getattr(kept, name) for name in rewriting.WORDS}
        return site.desk(
            request,
            "desk/resources/text.html",
            status=409 if problem else 200,
            here="Resources",
            text=kept,
            typed=words or now,
            theirs=now if words and _differs(kept, words) else None,
            seen=rewriting.words_digest(kept),
            problem=spoken.sentence(problem) if problem else "",
            placings=shelf.placings(session, number),
            way=direction,
            own_name=own_name,
            name_in=name_in,
        )


def _only_of(resource: int, text: ResourceText) -> ResourceText:
    """The text, where it is one of this resource; else 404, and what was done to it is undone."""
    if text.resource_id != resource:
        raise HTTPException(404)
    return text


def _differs(kept: ResourceText, words: Mapping[str, str]) -> bool:
    return any(getattr(kept, name).strip() != words[name].strip() for name in rewriting.WORDS)


def _back(site: Site, number: int, did: str) -> Response:
    return RedirectResponse(f"{site.root}/desk/resources/{number}?did={did}&of={number}", status_code=303)
