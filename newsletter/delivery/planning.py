"""Before a send: a mailing is scheduled, opened when due, held when too late; its audience is frozen then."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import case, insert, literal, or_, select, update
from sqlalchemy.orm import Session

from newsletter.delivery.models import Delivery, Mailing, MailingEdition, MailingState, State
from subscribers.audience import count_by_languages, preferred, reachable
from subscribers.models import Subscriber

LATEST = timedelta(hours=24)
"""How much later than its time a mailing may begin without being asked about."""
TRYING = timedelta(hours=24)
"""How long a mailing goes on trying those whose servers say "later": news is stale after that."""
COUNTS = or_(Mailing.state != MailingState.CANCELLED, Mailing.opened_at.is_not(None))
"""Whether a mailing is its issue's: one that was stopped before anybody was written to is none."""


def schedule(
    session: Session,
    *,
    issue: int,
    editions: Mapping[str, int],
    due_at: datetime,
    zone: str,
    not_later_than: datetime | None = None,
) -> Mailing:
    """A new mailing of frozen `editions` (language to edition number; the first language is the fallback)."""
    mailing = Mailing(
        issue_id=issue,
        state=MailingState.SCHEDULED,
        due_at=due_at,
        zone=zone,
        not_later_than=not_later_than or due_at + LATEST,
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


def edition_for(languages: str, editions: Mapping[str, int]) -> int:
    """The edition of the first language a person named that there is; else that of the source language."""
    fallback = next(iter(editions))
    return editions[preferred(languages, list(editions)) or fallback]


def expected(session: Session, languages: Sequence[str]) -> dict[str, int]:
    """How many would get each edition of an issue in `languages` (the first is the fallback) if it went now."""
    return shared(count_by_languages(session), languages)


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
    opened = scheduled.values(state=MailingState.SENDING, opened_at=now, deadline=now + TRYING).returning(Mailing.id)
    if session.execute(opened).first() is None:
        return False
    _freeze(session, mailing, mailing_editions(session, mailing))
    return True


def mailing_editions(session: Session, mailing: int) -> dict[str, int]:
    """Language to edition number, in the order the issue names its languages."""
    rows = session.execute(
        select(MailingEdition.language, MailingEdition.edition_id)
        .where(MailingEdition.mailing_id == mailing)
        .order_by(MailingEdition.position)
    )
    return {row.language: row.edition_id for row in rows}


def _freeze(session: Session, mailing: int, editions: Mapping[str, int]) -> None:
    """One statement, so one look at the list: who changes their languages meanwhile is still counted once."""
    choices = {languages: edition_for(languages, editions) for languages in count_by_languages(session)}
    if not choices:
        return
    edition = case(choices, value=Subscriber.languages, else_=edition_for("", editions))
    row = {"mailing_id": mailing, "state": State.PENDING.value, "tries": 0, "reason": "", "settled": ""}
    people = reachable().with_only_columns(Subscriber.id, edition, *map(literal, row.values()))
    session.execute(insert(Delivery).from_select(["subscriber_id", "edition_id", *row], people))
