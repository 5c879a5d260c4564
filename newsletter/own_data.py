"""All that is held about one reader, for that reader: what the list knows, and what became of each mailing."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from issues.languages import words
from newsletter.delivery.history import Event, history
from newsletter.holdings import NOT_HELD, OUTSIDE
from newsletter.notices.models import Notice
from subscribers import roll
from subscribers.addresses import mailbox
from subscribers.exporting import readers
from subscribers.models import AddressChange, MailedDay, State, Subscriber
from subscribers.vault import Vault


def everything(
    session: Session, vault: Vault, subscriber_id: int, now: datetime, language: str
) -> dict[str, Any] | None:
    """For JSON, explained in their language, times as ISO 8601 in UTC; nothing where they are off the list."""
    address_hash = roll.known_by(session, subscriber_id)
    who = (Subscriber.id == subscriber_id, Subscriber.state != State.LEFT)
    about_you = next(readers(session, vault, *who), None)
    if address_hash is None or about_you is None:
        return None
    say = words(language).gettext
    return {
        "held_at": now.isoformat(timespec="seconds"),
        "about_you": about_you,
        "change_of_address": _change(session, vault, subscriber_id),
        "mailings": [_mailing(event) for event in history(session, subscriber_id)],
        "mails_because_of_forms": _mailed(session, (address_hash, vault.hash(mailbox(about_you["address"])))),
        "mails_that_wait": _waiting(session, address_hash),
        "not_held": say(NOT_HELD),
        "beyond_this_program": [say(sentence) for sentence in OUTSIDE],
    }


def _change(session: Session, vault: Vault, subscriber_id: int) -> dict[str, Any] | None:
    change = session.scalars(select(AddressChange).filter_by(subscriber_id=subscriber_id)).one_or_none()
    if change is None:
        return None
    sealed = change.sealed_address
    return {
        "new_address": vault.open_address(sealed, change.address_hash) if sealed else None,
        "asked_at": change.asked_at.isoformat(),
        "old_mailbox_agrees": change.old_agrees,
        "new_mailbox_agrees": change.new_agrees,
    }


def _mailing(event: Event) -> dict[str, Any]:
    return {
        "issue": event.issue,
        "language": event.language,
        "outcome": event.state.value,
        "reason": event.reason,
        "next_try_at": event.retry_at and event.retry_at.isoformat(),
        "tries": [{"at": each.at.isoformat(), "code": each.code, "words": each.words} for each in event.tries],
    }


def _mailed(session: Session, hashes: Collection[bytes]) -> list[dict[str, str]]:
    """Mails to the address, and to others that end up in its mailbox."""
    days = select(MailedDay).where(MailedDay.address_hash.in_(hashes)).order_by(MailedDay.day, MailedDay.kind)
    return [{"form": mailed.kind, "day": mailed.day.isoformat()} for mailed in session.scalars(days)]


def _waiting(session: Session, address_hash: bytes) -> list[dict[str, str]]:
    notices = session.scalars(select(Notice).filter_by(address_hash=address_hash).order_by(Notice.id))
    return [{"mail": notice.template, "since": notice.created_at.isoformat()} for notice in notices]
