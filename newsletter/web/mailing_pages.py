"""A mailing from "wait a moment" to its report: one page that changes with the mailing's state."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from sqlalchemy.orm import Session

from issues.languages import own_name
from issues.models import Issue
from newsletter import audiences
from newsletter.delivery import account, control, pacing, reasons
from newsletter.delivery.account import Account
from newsletter.delivery.control import MailingError
from newsletter.delivery.models import OUTCOMES, Mailing, MailingState, State
from newsletter.delivery.pacing import Wait
from newsletter.desk import deeds
from newsletter.web import spoken
from newsletter.web.access import ROLES, member_of
from newsletter.web.pictures import MOST_MARKS, Stretch, of_outcomes
from newsletter.web.site import Number, Site
from newsletter.web.tongues import rows, sees_addresses
from subscribers.grammar import ALL, parse

WORDS = {
    State.ACCEPTED: ("Accepted", "their server took it"),
    State.REFUSED: ("Refused", "their server said no"),
    State.GIVEN_UP: ("Given up", "no answer for too long"),
    State.SKIPPED: ("Skipped", "left before their turn"),
    State.IN_DOUBT: ("In doubt", "the line broke"),
}

STREAM_FOR = 25.0
"""Seconds that one answer of events goes on; browsers ask again by themselves, and a server told to stop can."""
_EVERY = 1.0
_COUNTING_SHARE = 5.0
"""The pause is so many times as long as the count took: a large mailing is counted less often."""

_GOING = frozenset({MailingState.SENDING, MailingState.PAUSED})
_OVER = frozenset({MailingState.FINISHED, MailingState.CANCELLED})
_STEPS = ("Schedule", "Wait a moment", "Going out", "Report")


@dataclass(frozen=True)
class Standing:
    """A mailing as it stands now."""

    mailing: Mailing
    issue: Issue
    account: Account
    rate: float
    """People a second."""
    note: str
    """Why it does not go on, where it does not."""
    next_try: datetime | None
    """When those who wait are tried again; nothing while it goes on by itself."""
    wait: Wait | None
    """Why the pace lets nobody's mail leave now, and until when."""
    left: timedelta | None
    """About how long it goes on."""
    now: datetime
    audience: str
    """Whom it is for, in words; empty for everyone."""

    @property
    def month(self) -> str:
        """`November`, and its year where that is not this one."""
        here = self.now.astimezone(self.zone).year
        return f"{self.issue.month:%B}" if self.issue.month.year == here else f"{self.issue.month:%B %Y}"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.mailing.zone)

    @property
    def settled(self) -> int:
        return self.account.people - self.account.waiting

    @property
    def step(self) -> int:
        """Of the four moments of a send, the present one, or the one at which it was stopped before it began."""
        if self.mailing.state in _OVER and self.mailing.opened_at:
            return 4
        return 3 if self.mailing.state in _GOING else 2

    @property
    def heading(self) -> str:
        state = self.mailing.state
        if state is MailingState.SCHEDULED:
            return f"{self.month} goes {spoken.soon(self.mailing.due_at, self.now, self.zone)}."
        if state is MailingState.CANCELLED and self.mailing.opened_at is None:
            return f"{self.month} was stopped."
        if self.wait:
            return f"{self.month} goes on {spoken.soon(self.wait.until, self.now, self.zone)}."
        return (
            self.month
            + {
                MailingState.HELD: " asks before it goes.",
                MailingState.SENDING: " is going out.",
                MailingState.PAUSED: " is paused.",
                MailingState.CANCELLED: " was stopped on the way.",
                MailingState.FINISHED: " went.",
            }[state]
        )

    @property
    def to_go(self) -> str:
        """How long it goes on, in words; empty while that cannot be said."""
        if self.mailing.state is not MailingState.SENDING or not self.left or self.next_try or self.wait:
            return ""
        return f"{spoken.span(self.left.total_seconds()).capitalize()} to go"

    @property
    def bar(self) -> list[Stretch]:
        """The outcomes along the bar."""
        return of_outcomes(self.account.outcomes, self.account.people)


def make_router(site: Site) -> APIRouter:
    """The page of a mailing, and what can be done to it."""
    router = APIRouter(prefix="/desk/mailings")
    _make_views(router, site)
    _make_deeds(router, site)
    return router


def _make_views(router: APIRouter, site: Site) -> None:
    @router.get("/{number}", name="mailing")
    def mailing(request: Request, number: Number) -> Response:
        return _page(site, request, number)

    @router.get("/{number}/events", name="mailing_events")
    def events(number: Number) -> Response:
        """How it goes, as server-sent events; each holds what the page shows by itself."""
        with site.database.read() as session:
            _found(session, number)
        return StreamingResponse(_events(site, number), media_type="text/event-stream")

    @router.get("/{number}/cancel", name="mailing_cancel_ask")
    def ask(request: Request, number: Number) -> Response:
        """It cannot be undone, so it is asked."""
        with site.database.read() as session:
            standing = _standing(site, session, number)
        return site.desk(request, "desk/mailings/cancel.html", here="Issues", s=standing, say=spoken)


def _make_deeds(router: APIRouter, site: Site) -> None:
    def done(request: Request, number: int, what: str) -> Response:
        """Do it, note who did, and show the page; what came too late is said there."""
        now = site.clock()
        try:
            with site.database.write() as session:
                _found(session, number)
                _do(session, number, what, member_of(request).name, now)
                deeds.record(session, member_of(request).id, what, f"mailing {number}", now)
        except MailingError as problem:
            return _page(site, request, number, problem=str(problem), status=409)
        return RedirectResponse(f"{site.root}/desk/mailings/{number}", status_code=303)

    @router.post("/{number}/pause", name="mailing_pause")
    def pause(request: Request, number: Number) -> Response:
        return done(request, number, "paused")

    @router.post("/{number}/resume", name="mailing_resume")
    def resume(request: Request, number: Number) -> Response:
        return done(request, number, "resumed")

    @router.post("/{number}/cancel", name="mailing_cancel")
    def cancel(request: Request, number: Number) -> Response:
        return done(request, number, "cancelled")

    @router.post("/{number}/doubts", name="mailing_doubts")
    def doubts(request: Request, number: Number, choice: Annotated[str, Form()] = "leave") -> Response:
        return done(request, number, "sent again" if choice == "again" else "left in doubt")

    @router.post("/{number}/given-up", name="mailing_given_up")
    def given_up(request: Request, number: Number) -> Response:
        return done(request, number, "tried the given up again")


def _do(session: Session, number: int, what: str, by: str, now: datetime) -> None:
    if what == "paused":
        control.pause(session, number, note=f"Paused by {by}.")
    elif what == "resumed":
        control.resume(session, number, now)
    elif what == "cancelled":
        control.cancel(session, number, now)
    elif what == "tried the given up again":
        control.retry_given_up(session, number, now)
    else:
        control.settle_doubts(session, number, send_again=what == "sent again", now=now)


def _found(session: Session, number: int) -> Mailing:
    found = session.get(Mailing, number)
    if found is None:
        raise HTTPException(404)
    return found


def _standing(site: Site, session: Session, number: int) -> Standing:
    mailing, now = _found(session, number), site.clock()
    pace, going = site.newsletter.pace, mailing.state is MailingState.SENDING
    counted, rate = site.memory.accounts.of(session, mailing), account.rate(session, number, now)
    return Standing(
        mailing,
        session.get_one(Issue, mailing.issue_id),
        counted,
        rate,
        mailing.note or account.latest_reason(session, number),
        account.next_try(session, number) if going and account.is_all_tried(session, number) else None,
        pacing.outlook(session, pace, now) if going else None,
        pacing.time_left(pace, counted.waiting, rate, now),
        now,
        "" if mailing.audience == ALL else audiences.in_words(session, parse(mailing.audience)),
    )


def _page(site: Site, request: Request, number: int, *, problem: str = "", status: int = 200) -> Response:
    role = member_of(request).role
    keeps = sees_addresses(request)
    with site.database.read() as session:
        standing = _standing(site, session, number)
        over = standing.mailing.state in _OVER
        states = (*reasons.NOT_TAKEN, State.IN_DOUBT)
        doubts = account.doubts(session, number)
        values = {
            "s": standing,
            "by_language": rows(standing.account.by_language, exact=keeps),
            "doubts": doubts,
            "again": sum(doubt.is_reachable for doubt in doubts),
            "reasons": reasons.reasons(session, number) if over else [],
            "named": reasons.who(session, site.vault, number, states) if over and keeps else [],
        }
    kind = "report" if over and standing.mailing.opened_at else "stopped" if over else "waiting"
    kind = "going" if standing.mailing.state in _GOING else kind
    return site.desk(
        request,
        f"desk/mailings/{kind}.html",
        status=status,
        here="Issues",
        problem=problem,
        may_act=role in ROLES["mailing_pause"],
        sees_addresses=keeps,
        **(values | _vocabulary()),
    )


def _vocabulary() -> dict[str, Any]:
    """What every view of a mailing is said with."""
    return {
        "say": spoken,
        "words": WORDS,
        "outcomes": OUTCOMES,
        "own_name": own_name,
        "steps": _STEPS,
        "most_marks": MOST_MARKS,
    }


def _events(site: Site, number: int) -> Iterator[str]:
    yield "retry: 1000\n\n"
    ends = time.monotonic() + STREAM_FOR
    last = ""
    while time.monotonic() < ends:
        began = time.monotonic()
        with site.database.read() as session:
            standing = _standing(site, session, number)
        if (event := _event(site, standing)) != last:
            yield f"data: {event}\n\n"
            last = event
        if standing.mailing.state in _OVER:
            return
        time.sleep(max(_EVERY, _COUNTING_SHARE * (time.monotonic() - began)))


def _event(site: Site, standing: Standing) -> str:
    html = site.page("desk/mailings/figures.html", "en", s=standing, **_vocabulary())
    return json.dumps({"state": standing.mailing.state, "heading": standing.heading, "html": bytes(html.body).decode()})
