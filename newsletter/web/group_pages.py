"""Groups and topics, for the list keeper: made, named, taken away for a day, and a page of its own for a group."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from issues.languages import own_name
from newsletter import audiences
from newsletter.desk import deeds
from newsletter.web import spoken
from newsletter.web.access import member_of
from newsletter.web.reader_pages import embedded
from newsletter.web.site import LANGUAGES, Number, Site
from subscribers import groups, removing, topics
from subscribers.errors import NotFound, SubscriberError
from subscribers.models import Group, Topic

Typed = Annotated[str, Form(max_length=400)]
Names = Annotated[list[Annotated[str, Form(max_length=400)]], Form(default_factory=list, max_length=len(LANGUAGES))]
Kind = Literal["groups", "topics"]

_TABLES: Mapping[Kind, type[Group] | type[Topic]] = {"groups": Group, "topics": Topic}
_WORD: Mapping[Kind, str] = {"groups": "group", "topics": "topic"}
SAID = {
    "made": "The {word} was made.",
    "changed": "The {word} is kept so.",
    "removed": "The {word} is gone; nobody left the list.",
    "restored": "The {word} is back, with everyone.",
}
"""What was just done, by the word in the page's address."""


@dataclass(frozen=True)
class Problem:
    """What is wrong with which form: `number` is 0 for a new one."""

    kind: Kind = "groups"
    number: int = 0
    words: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)


def make_router(site: Site) -> APIRouter:
    """One page for both."""
    router = APIRouter(prefix="/desk/readers")

    @router.get("/groups", name="groups")
    def page(request: Request, said: str = "", kind: Kind = "groups", of: Annotated[int, Query(ge=0)] = 0) -> Response:
        words = SAID.get(said, "").format(word=_WORD[kind])
        undo = f"{site.root}/desk/readers/{kind}/{of}/restore" if said == "removed" else ""
        return _page(site, request, said=words, undo=undo)

    _make_groups(router, site)
    _make_topics(router, site)
    _make_removing(router, site)
    return router


def _make_groups(router: APIRouter, site: Site) -> None:
    @router.post("/groups", name="group_make")
    def make(request: Request, name: Typed = "", slug: Typed = "") -> Response:
        def deed(session: Session) -> None:
            groups.make(session, name, slug)

        return _keep(site, request, Problem("groups", typed={"name": name, "slug": slug}), deed, "made")

    @router.post("/groups/{number}", name="group_change")
    def change(request: Request, number: Number, name: Typed = "", slug: Typed = "") -> Response:
        def deed(session: Session) -> None:
            groups.change(session, groups.find(session, number), name, slug)

        return _keep(site, request, Problem("groups", number, typed={"name": name, "slug": slug}), deed, "changed")


def _make_topics(router: APIRouter, site: Site) -> None:
    @router.post("/topics", name="topic_make")
    def make(request: Request, name: Names) -> Response:
        names = dict(zip(LANGUAGES, name, strict=False))
        return _keep(site, request, Problem("topics", typed=names), lambda session: topics.make(session, names), "made")

    @router.post("/topics/{number}", name="topic_change")
    def change(request: Request, number: Number, name: Names) -> Response:
        names = dict(zip(LANGUAGES, name, strict=False))

        def deed(session: Session) -> None:
            topics.call(topics.find(session, number), names)

        return _keep(site, request, Problem("topics", number, typed=names), deed, "changed")


def _make_removing(router: APIRouter, site: Site) -> None:
    @router.post("/{kind}/{number}/remove", name="group_remove")
    def remove(request: Request, kind: Kind, number: Number) -> Response:
        def deed(session: Session) -> None:
            if mailing := audiences.waiting_for(session, _TABLES[kind], number):
                raise SubscriberError(f"Mailing {mailing} goes to it: let it go first, or stop it.")
            if not removing.remove(session, _TABLES[kind], number, site.clock()):
                raise NotFound(f"There is no such {_WORD[kind]} any more.")

        return _keep(site, request, Problem(kind, number), deed, "removed")

    @router.post("/{kind}/{number}/restore", name="group_restore")
    def restore(request: Request, kind: Kind, number: Number) -> Response:
        def deed(session: Session) -> None:
            if not removing.bring_back(session, _TABLES[kind], number):
                raise NotFound(f"This {_WORD[kind]} is forgotten: make it anew.")

        return _keep(site, request, Problem(kind, number), deed, "restored")


def _keep(site: Site, request: Request, tried: Problem, deed: Callable[[Session], object], said: str) -> Response:
    """Do it and note it; or show the page with what was typed, and say what is wrong with it."""
    try:
        with site.database.write() as session:
            deed(session)
            about = f"{_WORD[tried.kind]} {tried.number}" if tried.number else ""
            deeds.record(session, member_of(request).id, f"{said} a {_WORD[tried.kind]}", about, site.clock())
    except SubscriberError as problem:
        return _page(site, request, problem=replace(tried, words=str(problem)))
    here = f"{site.root}/desk/readers/groups?said={said}&kind={tried.kind}&of={tried.number}"
    return RedirectResponse(here, status_code=303)


def _page(site: Site, request: Request, *, said: str = "", undo: str = "", problem: Problem = Problem()) -> Response:
    base_url, language = site.settings.base_url, site.settings.languages[0]
    with site.database.read() as session:
        kept = groups.groups(session)
        known = topics.topics(session)
        return site.desk(
            request,
            "desk/readers/groups.html",
            status=422 if problem.words else 200,
            here="Readers",
            groups=kept,
            people=groups.counts(session),
            pages={group.id: f"{base_url}/subscribe/{group.slug}" for group in kept if group.slug},
            embedded={group.id: embedded(base_url, language, group.slug) for group in kept if group.slug},
            topics=[(topic, topics.called(topic, "en"), {n.language: n.name for n in topic.names}) for topic in known],
            tongues=[(tag, own_name(tag)) for tag in LANGUAGES],
            problem=problem,
            said=said,
            undo=undo,
            say=spoken,
        )
