"""Before a send: a mailing is scheduled, opened when due, held when too late; its audience is frozen then."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, case, insert, literal, or_, select, update
from sqlalchemy.orm import Session

from issues.models import Issue
from newsletter.delivery.models import UNSETTLED, Delivery, Mailing, MailingEdition, MailingState, State
from subscribers.audience import count_by_languages, preferred, reachable, within
from subscribers.grammar import EVERYONE, Audience, parse
from subscribers.models import Subscriber

LATEST = timedelta(hours=24)
"""How much later than its time a mailing may begin without being asked about."""
TRYING = timedelta(hours=24)
"""How long a mailing goes on trying those whose servers say "later": news is stale after that."""
COUNTS = or_(Mailing.state != MailingState.CANCELLED, Mailing.opened_at.is_not(None))
"""Whether a mailing is its issue's: one that was stopped before anybody was written to is none."""


_WITHOUT = (State.REFUSED, State.GIVEN_UP, State.SKIPPED)
"""Outcomes of who did not get it."""


def schedule(
    session: Session,
    *,
    issue: int,
    editions: Mapping[str, int],
    due_at: datetime,
    zone: str,
    not_later_than: datetime | None = None,
    audience: Audience = EVERYONE,
) -> Mailing:
    """A new mailing of frozen `editions` (language to edition number; the first language is the fallback)."""
    mailing = Mailing(
        issue_id=issue,
        state=MailingState.SCHEDULED,
        due_at=due_at,
        zone=zone,
        not_later_than=not_later_than or due_at + LATEST,
        audience=str(audience),
    )
    session.add(mailing)
    session.flush()
    session.add_all(
        MailingEdition(mailing_id=mailing.id, language=language, position=position, edition_id=edition)
        for position, (language, edition) in enumerate(editions.items())
    )
    session.flush()
    return mailing


def of_issue(session: Session, issue: int) -> Mailing | None:
    """The mailing that an issue has, the newest first."""
    return session.scalars(select(Mailing).where(Mailing.issue_id == issue, COUNTS).order_by(Mailing.id.desc())).first()


def open_due(session: Session, now: datetime) -> list[int]:
    """Open every mailing whose time has come, freezing its audience; returns them. Two workers open each once."""
    due = session.scalars(
        select(Mailing.id)
        .where(Mailing.state == MailingState.SCHEDULED, Mailing.due_at <= now)
        .order_by(Mailing.due_at)
    ).all()
    return [mailing for mailing in due if not _hold_if_late(session, mailing, now) and _open(session, mailing, now)]


def open_mailings(session: Session) -> list[int]:
    """Every mailing that is being sent."""
    found = select(Mailing.id).where(Mailing.state == MailingState.SENDING).order_by(Mailing.id)
    return list(session.scalars(found))


def is_anyone_due(session: Session, mailing: int, now: datetime) -> bool:
    """Whether somebody waits in a mailing who could be written to now."""
    due = or_(Delivery.retry_at.is_(None), Delivery.retry_at <= now)
    waiting = (Delivery.mailing_id == mailing) & (Delivery.state == State.PENDING) & due
    return session.scalar(select(Delivery.id).where(waiting).limit(1)) is not None


def is_anyone_left(session: Session, mailing: int) -> bool:
    """Whether somebody in a mailing has no outcome yet."""
    left = (Delivery.mailing_id == mailing) & Delivery.state.in_(UNSETTLED)
    return session.scalar(select(Delivery.id).where(left).limit(1)) is not None


def edition_for(languages: str, editions: Mapping[str, int]) -> int:
    """The edition of the first language a person named that there is; else that of the source language."""
    fallback = next(iter(editions))
    return editions[preferred(languages, list(editions)) or fallback]


def expected(session: Session, languages: Sequence[str], audience: Audience = EVERYONE) -> dict[str, int]:
    """How many would get each edition of an issue in `languages` (the first is the fallback) if it went now."""
    people = shared(count_by_languages(session, *among(audience)), languages)
    return {tag: count if _reads(audience, tag) else 0 for tag, count in people.items()}


def among(audience: Audience) -> list[ColumnElement[bool]]:
    """Conditions over `Subscriber` for all but languages, which are the editions' that people get."""
    conditions = within(audience)
    if audience.got:
        conditions.append(_received(audience.got, Delivery.state == State.ACCEPTED))
    return conditions + [_did_not_get(issue) for issue in sorted(audience.not_got)]


def shared(counts: Mapping[str, int], languages: Sequence[str]) -> dict[str, int]:
    """People by their languages as kept, shared out among the editions of an issue in `languages`."""
    people = dict.fromkeys(languages, 0)
    for wanted, count in counts.items():
        people[preferred(wanted, languages) or languages[0]] += count
    return people


def _hold_if_late(session: Session, mailing: int, now: datetime) -> bool:
    late = update(Mailing).where(
        Mailing.id == mailing, Mailing.state == MailingState.SCHEDULED, Mailing.not_later_than < now
    )
    note = "Its time passed while nothing was running: look whether it is still true, then resume or cancel it."
    return session.execute(late.values(state=MailingState.HELD, note=note).returning(Mailing.id)).first() is not None


def _open(session: Session, mailing: int, now: datetime) -> bool:
    scheduled = update(Mailing).where(Mailing.id == mailing, Mailing.state == MailingState.SCHEDULED)
    opened = scheduled.values(state=MailingState.SENDING, opened_at=now, deadline=now + TRYING)
    audience = session.scalar(opened.returning(Mailing.audience))
    if audience is None:
        return False
    _freeze(session, mailing, mailing_editions(session, mailing), parse(audience))
    return True


def mailing_editions(session: Session, mailing: int) -> dict[str, int]:
    """Language to edition number, in the order the issue names its languages."""
    rows = session.execute(
        select(MailingEdition.language, MailingEdition.edition_id)
        .where(MailingEdition.mailing_id == mailing)
        .order_by(MailingEdition.position)
    )
    return {row.language: row.edition_id for row in rows}


def _freeze(session: Session, mailing: int, editions: Mapping[str, int], audience: Audience) -> None:
    """One statement, so one look at the list: who changes their languages meanwhile is still counted once."""
    conditions = among(audience)
    choices = {languages: edition_for(languages, editions) for languages in count_by_languages(session)}
    if audience.languages:
        wanted = {edition for language, edition in editions.items() if _reads(audience, language)}
        choices = {languages: edition for languages, edition in choices.items() if edition in wanted}
        conditions.append(Subscriber.languages.in_(choices))
    if not choices:
        return
    edition = case(choices, value=Subscriber.languages, else_=edition_for("", editions))
    row = {"mailing_id": mailing, "state": State.PENDING.value, "tries": 0, "reason": "", "settled": ""}
    # In no order: to sort a million took 60 MB.
    everyone = reachable().order_by(None).where(*conditions)
    people = everyone.with_only_columns(Subscriber.id, edition, *map(literal, row.values()))
    session.execute(insert(Delivery).from_select(["subscriber_id", "edition_id", *row], people))


def _reads(audience: Audience, language: str) -> bool:
    return not audience.languages or language in audience.languages


def _received(issues: Collection[str], state: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a mailing of these issues had this outcome for a subscriber, as far as it is remembered."""
    theirs = _of(issues).where(Delivery.subscriber_id == Subscriber.id, state)
    return theirs.correlate(Subscriber).exists()


def _did_not_get(issue: str) -> ColumnElement[bool]:
    """Who is in doubt or has it still to come may get it. Once receivers are forgotten, this holds for nobody: not for
    those who got it."""
    is_remembered = _of([issue]).where(Delivery.subscriber_id.is_not(None)).exists()
    return and_(is_remembered, ~_received([issue], Delivery.state.not_in(_WITHOUT)))


def _of(issues: Collection[str]) -> Select[int]:
    mailings = select(Mailing.id).join(Issue, Issue.id == Mailing.issue_id).where(Issue.slug.in_(issues))
    return select(Delivery.id).where(Delivery.mailing_id.in_(mailings))
