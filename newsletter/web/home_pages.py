"""This month at a glance."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from issues.languages import direction, name_in, own_name
from issues.resources.fetching import host_of
from newsletter import journaling, restoring
from newsletter.delivery.models import OUTCOMES, MailingState
from newsletter.desk import deeds
from newsletter.web import spoken
from newsletter.web.access import ROLES, member_of
from newsletter.web.month import Glance, Making, glance
from newsletter.web.pictures import MOST_MARKS, of_outcomes
from newsletter.web.reader_pages import attack
from newsletter.web.site import Site
from newsletter.web.tongues import Tongue, apart, rows, sees_addresses
from subscribers.errors import SubscriberError
from subscribers.journal import Lag

ENDED = {
    MailingState.SENDING: "It is going out now, to {people}.",
    MailingState.PAUSED: "It is paused on its way to {people}.",
    MailingState.CANCELLED: "It was stopped on its way to {people}, on {day}.",
    MailingState.FINISHED: "It went to {people} on {day}{lasted}.",
}

MAY = ("draft_issue", "add_source", "restored")
"""What the page offers to whoever may do it."""
CAUGHT_UP = "The journal told of {} since the backup: who left is off the list again. Mailings wait for your word."


def make_router(site: Site) -> APIRouter:
    """The desk's first page."""
    router = APIRouter(prefix="/desk")

    @router.get("", name="home")
    def home(request: Request, caught_up: int | None = None) -> Response:
        return _page(site, request, said="" if caught_up is None else CAUGHT_UP.format(spoken.people(caught_up)))

    @router.post("/restored", name="restored")
    def restored(request: Request) -> Response:
        """After a backup of the database was put back: who left since is taken off again, and mailings wait."""
        try:
            with site.database.write() as session:
                undo_for = site.settings.undo_for
                done = restoring.catch_up(session, site.journal, site.clock(), undo_for=undo_for)
                deeds.record(session, member_of(request).id, "replayed the journal", f"{done.people}", site.clock())
        except SubscriberError as problem:
            return _page(site, request, problem=str(problem))
        return RedirectResponse(f"{site.root}/desk?caught_up={done.people}", status_code=303)

    return router


def _page(site: Site, request: Request, *, said: str = "", problem: str = "") -> Response:
    now, zone = site.clock(), site.newsletter.zone
    refusal = journaling.refusal(site.database, site.journal, now)
    known = {"refusal": problem or refusal, "is_put_back": refusal == journaling.REFUSALS[Lag.PUT_BACK]}
    with site.database.read() as session:
        seen = glance(session, site.settings.languages, zone, now, site.memory)
        values = _values(request, seen, zone, now) | known | {"said": said, "attack": attack(site)}
        return site.desk(request, "desk/home/home.html", status=409 if problem else 200, here="This month", **values)


def _values(request: Request, seen: Glance, zone: ZoneInfo, now: datetime) -> dict[str, Any]:
    making, exact = seen.making, sees_addresses(request)
    return {
        "seen": seen,
        "making": making,
        "sent": seen.sent,
        "news": seen.news,
        "today": f"{spoken.day(now, zone)} {now.astimezone(zone).year}",
        "year": now.astimezone(zone).year,
        "heading": heading(seen, now, zone),
        "audience": audience(apart(making.readers, exact=exact)) if making else "",
        "due": due(making) if making else "",
        "went": went(seen, zone),
        "by_language": rows(seen.sent.account.by_language, exact=exact) if seen.sent else {},
        "stretches": of_outcomes(seen.sent.account.outcomes, seen.sent.account.people) if seen.sent else [],
        "outcomes": OUTCOMES,
        "marks": bool(seen.sent and seen.sent.not_accepted <= MOST_MARKS),
        "failing": [
            {"id": source.id, "host": host_of(source.url), "read": spoken.ago(source.imported_at, now, zone)}
            for source in seen.news.failing
        ],
        "looked_at": spoken.ago(seen.news.looked_at, now, zone),
        "may": {name: member_of(request).role in ROLES.get(name, ()) for name in MAY},
        "own_name": own_name,
        "name_in": name_in,
        "way": direction,
        "say": spoken,
    }


def heading(seen: Glance, now: datetime, zone: ZoneInfo) -> str:
    """How the month stands, in one sentence."""
    if seen.is_new:
        return "Welcome. Here begins your first issue."
    if seen.making is None:
        return _nothing_begun(seen)
    month = f"{seen.making.issue.month:%B}"
    mailing = seen.making.mailing
    if mailing is None:
        return f"{month} is being written{_still(seen.making)}"
    if mailing.state is MailingState.HELD:
        return f"{month} asks before it goes."
    return f"{month} goes {spoken.soon(mailing.due_at, now, zone)}."


def audience(readers: Sequence[Tongue]) -> str:
    """`2,906 in English, 1,017 in Spanish`: those languages that anyone reads; nothing where none is told apart."""
    if not any(each.language for each in readers):
        return ""
    return ", ".join(
        f"{each.people:,} in {name_in(each.language, 'en') if each.language else 'others'}" for each in readers
    )


def due(making: Making) -> str:
    """`Tuesday, 24 November, at 10:00 in New York (Eastern Time)`, or nothing."""
    mailing = making.mailing
    if mailing is None:
        return ""
    zone = ZoneInfo(mailing.zone)
    return f"{spoken.day(mailing.due_at, zone)}, at {spoken.clock(mailing.due_at, zone)} in {spoken.zone_name(zone)}"


def went(seen: Glance, zone: ZoneInfo) -> str:
    """What became of the last mailing, in a sentence or two."""
    sent = seen.sent
    if sent is None or sent.mailing.opened_at is None:
        return ""
    words = ENDED.get(sent.mailing.state, ENDED[MailingState.SENDING])
    lasted = f", in {sent.lasted}" if sent.lasted else ""
    return words.format(
        people=spoken.people(sent.account.people), day=spoken.day(sent.mailing.opened_at, zone), lasted=lasted
    )


def _nothing_begun(seen: Glance) -> str:
    if seen.sent and seen.sent.mailing.state in (MailingState.SENDING, MailingState.PAUSED):
        return f"{seen.sent.issue.month:%B} is on its way."
    month = f"{seen.news.month:%B}"
    return f"{month} can begin." if seen.news.count else f"{month} has nothing to tell yet."


def _still(making: Making) -> str:
    if not making.open:
        return ", and every text is approved."
    few = "one text" if making.open == 1 else f"{spoken.in_words(making.open)} texts"
    return f", with {few} still to come."
