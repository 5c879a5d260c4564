"""The ways that cross rooms: an issue is checked as it will be sent, frozen, and scheduled.

The button, the command and the demo call these.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from issues import checks, editions, waivers
from issues.checks import links
from issues.errors import Blocked, Conflict, NotFound
from issues.findings import Finding
from issues.models import Edition, Issue, LinkAnswer
from issues.rendering import Brand, Rendered, render
from newsletter import audiences
from newsletter.delivery import planning
from newsletter.delivery.message import CompiledEdition, Letterhead, Reader
from newsletter.delivery.models import Mailing
from newsletter.mime.headers import HeaderError
from newsletter.preflight import preflight
from newsletter.preflight.links import Ask, answers_of, nobody
from subscribers.grammar import EVERYONE, Audience

Transactions = Callable[[], AbstractContextManager[Session]]


@dataclass(frozen=True)
class Press:
    """What an issue is printed with."""

    brand: Brand
    letterhead: Letterhead
    base_url: str


@dataclass(frozen=True)
class When:
    """When a mailing is due, in which zone that was entered, and until when it may begin."""

    due_at: datetime
    zone: str
    not_later_than: datetime | None = None


def find_issue(session: Session, slug: str) -> Issue:
    """The issue of this name."""
    issue = session.scalars(select(Issue).where(Issue.slug == slug)).first()
    if issue is None:
        raise NotFound(f"There is no issue {slug}: `newsletter issues list` shows those there are.")
    return issue


def check(session: Session, issue: Issue, press: Press) -> list[Finding]:
    """Everything to mend before this issue may go, in every language; what was waived no longer blocks.

    Of links it knows what `try_links` last heard, and asks nobody.
    """
    answers = links.last_answers(session, links.targets(issue))
    found = [finding for language in issue.languages for finding in _check_edition(issue, language, press, answers)]
    return waivers.open_findings(issue, found, waivers.waivers(session, issue))


@dataclass(frozen=True)
class Tried:
    """What a round of trying came to, in links of one issue."""

    asked: int
    known: int
    """Answered not long ago, and not asked again."""
    left: int
    """For another round: the time was up."""


@dataclass(frozen=True)
class KnownLinks:
    """What is remembered of an issue's links."""

    count: int
    tried: int
    last: datetime | None
    """When one of them was tried last; nothing where none ever was."""


def known_links(session: Session, issue: Issue) -> KnownLinks:
    """How many links the issue has, and how many of them were ever tried."""
    urls = links.targets(issue)
    answers = links.last_answers(session, urls).values()
    return KnownLinks(len(urls), len(answers), max((answer.tried_at for answer in answers), default=None))


def try_links(
    read: Transactions,
    write: Transactions,
    fetch: Ask,
    issue_slug: str,
    now: datetime,
    told: Callable[[int, int], None] = nobody,
) -> Tried:
    """Try the issue's links and remember the answers for `check`. No transaction is open while the network is used.

    `fetch`: `issues.resources.fetching.status_of` with the caller's switches set. `told` hears how many of how many
    are done. Takes a minute or two at most.
    """
    with read() as session:
        urls = links.targets(find_issue(session, issue_slug))
        due = list(links.due(urls, links.last_answers(session, urls), now))
    statuses = answers_of(due, fetch, told=told)
    with write() as session:
        links.keep(session, statuses, now)
    return Tried(asked=len(statuses), known=len(urls) - len(due), left=len(due) - len(statuses))


def schedule(
    session: Session, issue: Issue, when: When, press: Press, now: datetime, audience: Audience = EVERYONE
) -> Mailing:
    """Freeze the issue and schedule its mailing. Raises Blocked or Conflict, and then nothing was changed."""
    _refuse_second_mailing(session, issue)
    _refuse_the_past(when, now)
    if lacking := audiences.lacking(session, audience, issue.languages):
        raise Conflict(f"Issue {issue.slug} cannot go to these readers: {lacking}; choose them anew.")
    if blocking := [finding for finding in check(session, issue, press) if finding.blocks]:
        raise Blocked(_blocked(issue, blocking))
    frozen = editions.freeze(session, issue, press.brand, now)
    return planning.schedule(
        session,
        issue=issue.id,
        editions={language: edition.id for language, edition in frozen.items()},
        due_at=when.due_at,
        zone=when.zone,
        not_later_than=when.not_later_than,
        audience=audience,
    )


def sample_message(
    edition: Rendered | Edition, language: str, slug: str, press: Press, *, name: str, date: datetime
) -> bytes:
    """An edition as a reader called `name` would get it, to a made-up address: for checks and for looking at."""
    compiled = CompiledEdition(
        letterhead=press.letterhead,
        subject=edition.subject,
        language=language,
        html=edition.html,
        text=edition.text,
        campaign=slug,
    )
    reader = Reader("reader@example.org", name, f"{press.base_url}/u/{'A' * 22}", "A" * 22, date)
    return compiled.message(reader)


def _check_edition(issue: Issue, language: str, press: Press, answers: Mapping[str, LinkAnswer]) -> Iterable[Finding]:
    rendered = render(issue, language, press.brand)
    yield from checks.check(issue, language, rendered, press.brand, answers)
    try:
        data = sample_message(rendered, language, issue.slug, press, name="A Reader", date=issue.created_at)
    except HeaderError as error:
        fix = "whoever runs the machine mends its settings"
        yield Finding("headers", f"the {language} edition", str(error), fix, True, language)
        return
    yield from preflight(data, language, press.brand.postal_address)


def _refuse_second_mailing(session: Session, issue: Issue) -> None:
    """An issue goes to its readers once: a second mailing would be a second copy for everyone."""
    session.execute(select(Issue.id).where(Issue.id == issue.id).with_for_update())  # two clicks wait for each other
    if other := planning.of_issue(session, issue.id):
        raise Conflict(
            f"Issue {issue.slug} has mailing {other.id} already ({other.state}): resume that one, "
            "or cancel it before it begins and schedule anew."
        )


def _refuse_the_past(when: When, now: datetime) -> None:
    """Such a mailing would be held as soon as it was due: most likely a year or a month is a slip."""
    latest = when.not_later_than or when.due_at + planning.LATEST
    if latest < max(now, when.due_at):
        what = "the latest start lies before the start" if latest < when.due_at else "that time has passed"
        raise Conflict(f"The issue cannot be scheduled so: {what}; name a later one, or `now`.")


def _blocked(issue: Issue, blocking: Sequence[Finding]) -> str:
    first = blocking[0]
    more = f", and {len(blocking) - 1} more" if len(blocking) > 1 else ""
    waivable = f"; `--waive {first.check}` lets it pass" if first.check in checks.CHECKS else ""
    return (
        f"Issue {issue.slug} cannot go yet: {first.where} {first.what}; {first.fix}{more} "
        f"(`newsletter issues check {issue.slug}` lists all{waivable})."
    )
