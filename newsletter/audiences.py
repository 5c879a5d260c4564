"""Audiences as people meet them: in words, with what there is to choose from, and held against what is there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from issues.languages import name_in
from issues.models import Issue
from newsletter.delivery.models import Delivery, Mailing, MailingState
from subscribers import groups, topics
from subscribers.grammar import ALL, Audience, parse
from subscribers.models import Group, Topic

GONE = "one that is gone"
_WAITING = (MailingState.SCHEDULED, MailingState.HELD, MailingState.PAUSED)
_MOST_ISSUES = 24


@dataclass(frozen=True)
class Choices:
    """What an audience can name."""

    groups: Sequence[Group]
    topics: Sequence[Topic]
    issues: Sequence[str]
    """Whose receivers are remembered, the newest first."""


def choices(session: Session) -> Choices:
    """What there is to choose from now."""
    known = exists().where(Delivery.mailing_id == Mailing.id, Delivery.subscriber_id.is_not(None))
    mailed = select(Issue.slug).join(Mailing, Mailing.issue_id == Issue.id).where(known)
    issues = session.scalars(mailed.order_by(Mailing.opened_at.desc()).limit(_MOST_ISSUES)).all()
    return Choices(groups.groups(session), topics.topics(session), issues)


def in_words(session: Session, audience: Audience) -> str:
    """Such as: readers of Spanish who are in the group “Press” and did not get 2021-10."""
    tongues = [name_in(tag, "en") for tag in sorted(audience.languages)]
    readers = f"readers of {_either(tongues)}" if tongues else "readers"
    clauses = " and ".join(_clauses(session, audience))
    if not clauses:
        return readers if tongues else ALL
    return f"{readers} who {clauses}"


def lacking(session: Session, audience: Audience, languages: Sequence[str]) -> str:
    """What an audience of an issue in `languages` names and is not there, in a few words; nothing where all is."""
    there = choices(session)
    named: list[tuple[str, frozenset[Any], Iterable[Any]]] = [
        ("group", audience.groups, (group.id for group in there.groups)),
        ("topic", audience.topics, (topic.id for topic in there.topics)),
        ("edition in", audience.languages, languages),
        ("list any more of who got", audience.got | audience.not_got, there.issues),
    ]
    for what, wanted, present in named:
        if missing := sorted(wanted.difference(present)):
            return f"there is no {what} {missing[0]}"
    return ""


def waiting_for(session: Session, kind: type[Group] | type[Topic], number: int) -> int | None:
    """A mailing that has not begun, and goes to this group or topic."""
    rows = session.execute(
        select(Mailing.id, Mailing.audience).where(
            Mailing.state.in_(_WAITING), Mailing.opened_at.is_(None), Mailing.audience != ALL
        )
    )
    for mailing, text in rows:
        audience = parse(text)
        if number in (audience.groups if kind is Group else audience.topics):
            return int(mailing)
    return None


def _clauses(session: Session, audience: Audience) -> Iterable[str]:
    if audience.groups:
        labels = (session.get(Group, number) for number in sorted(audience.groups))
        names = (f"“{group.name}”" if group else GONE for group in labels)
        yield f"are in the group {_either(names)}"
    if audience.topics:
        found = (session.get(Topic, number) for number in sorted(audience.topics))
        names = (f"“{topics.called(topic, 'en').name}”" if topic else GONE for topic in found)
        yield f"want the topic {_either(names)}"
    if audience.joined_after:
        yield f"joined after {audience.joined_after:%-d %B %Y}"
    if audience.joined_before:
        yield f"joined before {audience.joined_before:%-d %B %Y}"
    if audience.got:
        yield f"got {_either(sorted(audience.got))}"
    if audience.not_got:
        yield f"did not get {_either(sorted(audience.not_got))}"


def _either(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last
