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
from subscribers.models import (
    AddressChange,
    Consent,
    ConsentWording,
    Group,
    ImportLabel,
    MailedDay,
    SignUp,
    State,
    Subscriber,
)
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
        "sign_up": _sign_up(session, address_hash),
        "imports": _imports(session, subscriber_id),
        "change_of_address": _change(session, vault, subscriber_id),
        "mailings": [_mailing(event) for event in history(session, subscriber_id)],
        "mails_because_of_forms": _mailed(session, (address_hash, vault.hash(mailbox(about_you["address"])))),
        "mails_that_wait": _waiting(session, address_hash),
        "not_held": say(NOT_HELD),
        "beyond_this_program": [say(sentence) for sentence in OUTSIDE],
    }


def _sign_up(session: Session, address_hash: bytes) -> dict[str, Any] | None:
    """What they typed into the form: kept for a while after they confirmed, so that the link may be pressed again."""
    sign_up = session.scalars(select(SignUp).filter_by(address_hash=address_hash)).one_or_none()
    if sign_up is None:
        return None
    return {
        "asked_at": sign_up.asked_at.isoformat(),
        "languages": sign_up.languages.split(","),
        "wording": session.scalar(select(ConsentWording.text).where(ConsentWording.id == sign_up.wording_id)),
        "group": session.scalar(select(Group.name).where(Group.id == sign_up.group_id)),
        "confirmed": sign_up.sealed_address is None,
    }


def _imports(session: Session, subscriber_id: int) -> dict[str, list[int]]:
    """The numbers of imports that may still be taken back: which brought them, which put them into its group."""
    brought = select(Consent.import_id).where(Consent.subscriber_id == subscriber_id, Consent.import_id.is_not(None))
    labelled = select(ImportLabel.import_id).where(ImportLabel.subscriber_id == subscriber_id)
    return {
        "brought_you": [number for number in session.scalars(brought.distinct()) if number],
        "gave_you_a_group": list(session.scalars(labelled)),
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
