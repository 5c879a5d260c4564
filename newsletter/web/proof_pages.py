"""Test mails: to any address, which is kept nowhere; one edition, or one of each."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from issues.languages import own_name
from issues.models import Issue
from issues.rendering import render
from newsletter.delivery import proofs
from newsletter.delivery.inspection import UnsafeMessage
from newsletter.delivery.proofs import Proof
from newsletter.desk import deeds
from newsletter.mail import Reply, SendError
from newsletter.mime.headers import HeaderError
from newsletter.web import spoken
from newsletter.web.access import member_of
from newsletter.web.schedule_pages import found_issue
from newsletter.web.site import Site
from subscribers.addresses import envelope, normal
from subscribers.errors import SubscriberError
from subscribers.names import tidy
from subscribers.people import LONGEST_NAME

Typed = Annotated[str, Form(max_length=300)]
EACH = "each"

_LATER = "The mail server does not answer. Nothing was sent; try again in a few minutes."
_ASK = "The mail server does not let us in. Nothing was sent; ask whoever runs this machine to look at `transport`."


def make_router(site: Site) -> APIRouter:
    """The page that sends a test."""
    router = APIRouter(prefix="/desk/issues")

    @router.get("/{slug}/proof", name="proof")
    def ask(request: Request, slug: str, sent: int = 0) -> Response:
        return _page(site, request, slug, sent=sent, name=member_of(request).name)

    @router.post("/{slug}/proof", name="proof_send")
    def send(request: Request, slug: str, address: Typed = "", edition: Typed = EACH, name: Typed = "") -> Response:
        try:
            outcome = _send(site, slug, address, edition, name)
        except SendError as problem:
            said = _LATER if not problem.permanent else _ASK
            return _page(site, request, slug, problem=said, address=address, edition=edition, name=name)
        except (SubscriberError, HeaderError, UnsafeMessage) as problem:
            return _page(site, request, slug, problem=str(problem), address=address, edition=edition, name=name)
        if refused := _refused(outcome):
            return _page(site, request, slug, problem=refused, address=address, edition=edition, name=name)
        with site.database.write() as session:
            deeds.record(session, member_of(request).id, "sent a test", f"{slug}: {len(outcome)} mails", site.clock())
        return RedirectResponse(f"{site.root}/desk/issues/{slug}/proof?sent={len(outcome)}", status_code=303)

    return router


def _send(site: Site, slug: str, address: str, edition: str, name: str) -> list[tuple[Proof, Reply | None]]:
    recipient = envelope(normal(address))
    newsletter = site.newsletter
    with site.database.read() as session:
        chosen = _proofs(site, found_issue(session, slug), edition, tidy(name, LONGEST_NAME))
    return proofs.send(
        newsletter.transport,
        chosen,
        recipient,
        letterhead=newsletter.letterhead,
        base_url=site.settings.base_url,
        now=site.clock(),
    )


def _proofs(site: Site, issue: Issue, edition: str, name: str) -> list[Proof]:
    """One language as chosen; or every language, with a name and without."""
    brand = site.newsletter.brand
    if edition in issue.languages:
        return [Proof(edition, name, render(issue, edition, brand))]
    rendered = {language: render(issue, language, brand) for language in issue.languages}
    return [Proof(language, called, rendered[language]) for language in rendered for called in (name or "Ana", "")]


def _refused(outcome: Sequence[tuple[Proof, Reply | None]]) -> str:
    """What the server said where it did not take a test; empty where it took all."""
    lost = [reply for _, reply in outcome if reply is None or not reply.accepted]
    if not lost:
        return ""
    said = f"It said: {lost[0].text}" if lost[0] and lost[0].text else "It gave no answer."
    return f"The mail server did not take {len(lost)} of {len(outcome)} test mails. {said}"


def _page(
    site: Site,
    request: Request,
    slug: str,
    *,
    sent: int = 0,
    problem: str = "",
    address: str = "",
    edition: str = EACH,
    name: str = "",
) -> Response:
    with site.database.read() as session:
        issue = found_issue(session, slug)
        return site.desk(
            request,
            "desk/mailings/proof.html",
            status=422 if problem else 200,
            here="Issues",
            issue=issue,
            month=f"{issue.month:%B}",
            sent=max(0, min(sent, 2 * len(issue.languages))),
            problem=problem,
            address=address,
            edition=edition,
            name=name,
            own_name=own_name,
            say=spoken,
        )
