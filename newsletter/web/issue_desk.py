"""What the pages of an issue share: where a member is, what was just done, and how a refusal is said."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Form, HTTPException, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from issues.errors import IssueError, NotFound
from issues.models import Issue
from newsletter.desk.models import Member
from newsletter.web import issue_view, spoken
from newsletter.web.access import NOT_YOUR_LANGUAGE, member_of
from newsletter.web.site import Site

Typed = Annotated[str, Form(max_length=200)]


@dataclass(frozen=True)
class Place:
    """Where in the editor a form was sent from, so that its answer leads back there."""

    text: str = ""
    to: str = ""
    show: str = ""


def place(text: Typed = "", to: Typed = "", show: Typed = "") -> Place:
    """The hidden fields of every form of the editor."""
    return Place(text, to, show)


Back = Annotated[Place, Depends(place)]


def editor_path(site: Site, slug: str, at: Place, **did: str) -> str:
    """The editor's address at a place; `did` says what was done, so that the page can offer to undo it."""
    query = {"text": at.text, "to": at.to, "show": at.show, **did}
    asked = urlencode({name: value for name, value in query.items() if value})
    return f"{site.root}/desk/issues/{slug}{'?' if asked else ''}{asked}"


def back(site: Site, slug: str, at: Place, **did: str) -> Response:
    """To the editor again."""
    return RedirectResponse(f"{editor_path(site, slug, at, **did)}#text", status_code=303)


def wants_json(request: Request) -> bool:
    """Whether one of our scripts asks."""
    return "application/json" in request.headers.get("accept", "")


@contextmanager
def changing(site: Site, slug: str) -> Iterator[tuple[Session, Issue]]:
    """One change of an issue."""
    with site.database.write() as session:
        yield session, issue_view.load(session, slug)


def answered(site: Site, request: Request, slug: str, at: Place, change: Callable[[], Response]) -> Response:
    """What `change` answers, or the sentence of the error that it met."""
    try:
        return change()
    except IssueError as error:
        return refused(site, request, slug, at, error)


def refused(site: Site, request: Request, slug: str, at: Place, error: IssueError) -> Response:
    """Why a change was not made, and the way back."""
    status = 404 if isinstance(error, NotFound) else 409
    if wants_json(request):
        return JSONResponse({"problem": str(error)}, status_code=status)
    way = editor_path(site, slug, at)
    said = spoken.sentence(error)
    return site.desk(request, "desk/issues/refused.html", status=status, sentence=said, way=way, here="Issues")


def writer(request: Request, language: str) -> Member:
    """The member, where they may change texts in this language; else 403."""
    member = member_of(request)
    if not issue_view.may_write(member, language):
        raise HTTPException(403, NOT_YOUR_LANGUAGE)
    return member
