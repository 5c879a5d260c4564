"""Importing readers: a file is given, its columns are said, everybody is looked at, then put on the list.

Reading and merging go on in a thread, and in the scheduled job where that was interrupted. People are shown to the list
keeper and the owner alone.
"""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from issues.languages import own_name
from newsletter.desk import deeds
from newsletter.web import spoken
from newsletter.web.access import member_of
from newsletter.web.rounds import Told
from newsletter.web.site import Number, Site
from newsletter.web.uploads import LARGEST_LIST, Upload, in_memory
from subscribers import groups, importing
from subscribers.consent import Wording
from subscribers.errors import BadDay, NoConsent, NotFound, SubscriberError
from subscribers.importing import Agreed, Columns, Outline, Standing, Tools
from subscribers.models import Import, ImportState

Typed = Annotated[str, Form(max_length=2000)]
Listed = Annotated[list[Annotated[str, Form(max_length=200)]], Form(default_factory=list, max_length=200)]

PLACE = "/desk/readers/imports"
WORKING = (ImportState.READING, ImportState.MERGING, ImportState.UNDOING)
MOST_COLUMNS = 60
"""Columns of a file that a person may choose among on the page."""
MOST_NOTES = 30
"""Lines that the page itself lists; the report has all that are kept."""
ROLES = {
    "": "not taken",
    "address": "the address",
    "name": "the name, or its first part",
    "more_name": "the next part of the name",
    "languages": "languages",
    "agreed_on": "the day they agreed",
    "standings": "how they stand",
}
"""What a column may hold, in words."""
STANDINGS = {
    Standing.SUBSCRIBED: "is subscribed",
    Standing.UNCONFIRMED: "never confirmed",
    Standing.LEFT: "has left",
    Standing.BOUNCED: "bounced",
    Standing.COMPLAINED: "complained",
}
OUTCOMES = {
    "there": "on the list already",
    "twice": "in the file once more",
    "away": "left or bounced here before: not taken",
    "unconfirmed": "never confirmed there: not taken",
    "left": "had left there: never written to",
    "bounced": "had bounced there: never written to",
    "complained": "had complained there: never written to",
    "refused": "lines could not be read",
}
"""What became of rows that added nobody, in words."""
STANDS = {
    ImportState.ARRIVING: "was broken off",
    ImportState.GIVEN: "waits for its columns",
    ImportState.READING: "is being read",
    ImportState.READ: "waits for your word",
    ImportState.MERGING: "goes onto the list",
    ImportState.DONE: "done",
    ImportState.UNDOING: "is being taken back",
    ImportState.UNDONE: "taken back",
    ImportState.GIVEN_UP: "forgotten",
}
WRONG = {NoConsent: "consent", BadDay: "agreed_on"}
"""The field that a problem with the form is about; the others stand above it."""
SOON = 1.0
"""Seconds that a page waits for a short list."""


@dataclass(frozen=True)
class Said:
    """What the form about columns and consent says."""

    columns: Columns = field(default_factory=Columns)
    consent: str = ""
    language: str = "en"
    agreed_on: str = ""
    group: int = 0
    encoding: str = ""


@dataclass(frozen=True)
class Choice:
    """What there is to choose about a file."""

    outline: Outline
    roles: Mapping[str, str]
    """What the file's columns are taken for, by their plain names."""
    columns: Sequence[str]
    """Those that can be chosen, the taken ones first."""
    words: Sequence[str]
    """By which the file says how people stand, and nobody knows what they mean."""


def make_router(site: Site) -> APIRouter:
    """Each step is a page, or leads back to one."""
    router = APIRouter(prefix=PLACE)

    @router.get("", name="imports")
    def imports(request: Request) -> Response:
        return _list(site, request)

    @router.post("", name="import_give", max_body_size=LARGEST_LIST)
    def give(request: Request, upload: Annotated[Upload, Depends(in_memory)]) -> Response:
        try:
            number = importing.keep(_tools(site), upload.file, upload.called)
        except SubscriberError as problem:
            return _list(site, request, str(problem))
        return _back(site, number)

    @router.get("/{number}", name="import_page")
    def page(request: Request, number: Number) -> Response:
        return _page(site, request, number)

    @router.get("/{number}/progress", name="import_progress_page")
    def progress(request: Request, number: Number) -> Response:
        """How far it is; it leads on when that is over."""
        with site.database.read() as session:
            one = _found(session, number)
        if one.state not in WORKING:
            return _back(site, number)
        told = site.memory.imports.standing(str(number))
        done = told.done if told else one.rows_read
        return site.desk(request, "desk/readers/importing.html", here="Readers", one=one, done=done, say=spoken)

    _make_choosing(router, site)
    _make_steps(router, site)
    return router


def _make_choosing(router: APIRouter, site: Site) -> None:
    @router.post("/{number}/columns", name="import_columns")
    def columns(
        request: Request,
        number: Number,
        column: Listed,
        role: Listed,
        word: Listed,
        means: Listed,
        consent: Typed = "",
        language: Typed = "en",
        agreed_on: Typed = "",
        group: Annotated[int, Form(ge=0, le=2**31 - 1)] = 0,
        encoding: Typed = "",
        what: Typed = "",
    ) -> Response:
        said = Said(_columns(column, role, word, means), consent, language, agreed_on, group, encoding)
        if what != "read":
            return _page(site, request, number, said=said)
        try:
            agreed = Agreed(Wording(language, consent), _day(agreed_on))
            importing.choose(_tools(site), number, said.columns, agreed, encoding=encoding, group=group or None)
        except SubscriberError as problem:
            wrong = WRONG.get(type(problem), "")
            return _page(site, request, number, said=said, problem=str(problem), wrong=wrong)
        return _go_on(site, request, number)


def _make_steps(router: APIRouter, site: Site) -> None:
    def step(name: str, path: str, noted: str, change: Callable[[Session, int], None]) -> None:
        @router.post(f"/{{number}}/{path}", name=name)
        def act(request: Request, number: Number) -> Response:
            try:
                with site.database.write() as session:
                    change(session, number)
                    deeds.record(session, member_of(request).id, noted, f"import {number}", site.clock())
            except SubscriberError as problem:
                return _page(site, request, number, problem=str(problem))
            return _go_on(site, request, number)

    step(
        "import_merge", "merge", "imported readers", lambda session, n: importing.begin_merge(session, n, site.clock())
    )
    step(
        "import_undo", "undo", "took an import back", lambda session, n: importing.begin_undo(session, n, site.clock())
    )
    step("import_again", "again", "chose an import's columns anew", importing.choose_again)
    step("import_give_up", "give-up", "forgot a file with readers", importing.give_up)

    @router.get("/{number}/notes.csv", name="import_notes")
    def notes(number: Number) -> Response:
        """Every line that somebody should look at in their file: by number, and naming nobody."""
        with site.database.read() as session:
            told = importing.notes(session, number)
        out = io.StringIO(newline="")
        rows = csv.writer(out)
        rows.writerow(("file", "line", "what", "why"))
        rows.writerows((note.table, note.line, note.kind, note.why) for note in told)
        headers = {"Content-Disposition": f'attachment; filename="import-{number}.csv"'}
        return Response(out.getvalue().encode("utf-8-sig"), media_type="text/csv; charset=utf-8", headers=headers)


def _columns(columns: Sequence[str], roles: Sequence[str], words: Sequence[str], means: Sequence[str]) -> Columns:
    """What the form says: a role for each column, a meaning for each word."""
    by_role: dict[str, list[str]] = {}
    for column, role in zip(columns, roles, strict=False):
        by_role.setdefault(role, []).append(column)
    name = (*by_role.get("name", []), *by_role.get("more_name", []))
    first = {role: found[0] for role, found in by_role.items()}
    return Columns(
        product=first.get("product", ""),
        address=first.get("address", ""),
        name=name,
        languages=first.get("languages", ""),
        agreed_on=first.get("agreed_on", ""),
        standings=tuple(by_role.get("standings", [])),
        words={word: standing for word, standing in zip(words, means, strict=False) if standing in list(Standing)},
    )


def _day(said: str) -> date:
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise BadDay("Choose the day on which they agreed.") from None


def _choice(site: Site, number: int, said: Said | None) -> Choice:
    """Raises SubscriberError where the file is no list."""
    tools, encoding = _tools(site), said.encoding if said else ""
    found = importing.outline(tools, number, said.columns if said else None, encoding)
    chosen = found.columns
    unsaid = importing.unsaid(tools, number, replace(chosen, words={}), encoding)
    roles = {chosen.address: "address", chosen.languages: "languages", chosen.agreed_on: "agreed_on"}
    roles |= dict.fromkeys(chosen.standings, "standings") | dict.fromkeys(chosen.name[1:], "more_name")
    roles |= dict.fromkeys(chosen.name[:1], "name")
    named = [name for name in found.names if name in roles]
    others = [name for name in found.names if name not in roles]
    return Choice(found, roles, [*named, *others][:MOST_COLUMNS], unsaid)


def _page(
    site: Site, request: Request, number: int, *, said: Said | None = None, problem: str = "", wrong: str = ""
) -> Response:
    """An import as it stands, and what can be done next; `wrong` names the field that the problem is about."""
    with site.database.read() as session:
        one = _found(session, number)
        told = {kind: importing.notes(session, number, kind, MOST_NOTES) for kind in ("refused", "conflict", "broken")}
        undoable = importing.may_undo(one, site.clock())
        removable = importing.brought(session, number) if undoable else 0
        returning = importing.taken_off(session, number) if undoable else 0
        known = groups.groups(session)
    if one.state in WORKING:
        return _back(site, number, "/progress")
    choice = None
    if one.state is ImportState.GIVEN:
        try:
            choice = _choice(site, number, said)
        except SubscriberError as error:
            problem = problem or str(error)
    problem = problem or (told["broken"][0].why if told["broken"] else "")
    return site.desk(
        request,
        "desk/readers/import.html",
        status=422 if problem else 200,
        here="Readers",
        one=one,
        problem=problem,
        wrong=wrong if choice else "",
        choice=choice,
        said=said or Said(agreed_on=site.clock().date().isoformat()),
        told=told,
        removable=removable,
        returning=returning,
        groups=known,
        roles=ROLES,
        standings=STANDINGS,
        outcomes=OUTCOMES,
        languages=site.settings.languages,
        own_name=own_name,
        import_days=importing.UNDO_FOR.days,
        encodings=importing.ENCODINGS,
        is_person=lambda row: isinstance(row, importing.Person),
        line=lambda row: importing.table_and_line(row.place),
        say=spoken,
    )


def _found(session: Session, number: int) -> Import:
    try:
        return importing.find(session, number)
    except NotFound:
        raise HTTPException(404) from None


def _list(site: Site, request: Request, problem: str = "") -> Response:
    with site.database.read() as session:
        listed = importing.imports(session)
    rows = [(one, spoken.ago(one.begun_at, site.clock(), site.newsletter.zone)) for one in listed]
    status = 422 if problem else 200
    values = {"rows": rows, "problem": problem, "stands": STANDS, "say": spoken}
    return site.desk(request, "desk/readers/imports.html", status=status, here="Readers", **values)


def _go_on(site: Site, request: Request, number: int) -> Response:
    """Let a thread do what was just said, and show how far it is; most lists are short, and done at once."""

    def work(told: Told) -> None:
        for progress in importing.go_on(_tools(site), number):
            told(progress.done, 0)
        site.memory.readers.forget()

    site.memory.imports.begin(str(number), member_of(request).name, work)
    site.memory.imports.wait(str(number), SOON)
    return _back(site, number)


def _back(site: Site, number: int, more: str = "") -> Response:
    return RedirectResponse(f"{site.root}{PLACE}/{number}{more}", status_code=303)


def _tools(site: Site) -> Tools:
    return Tools(site.database.read, site.database.write, site.vault, site.journal, site.clock)
