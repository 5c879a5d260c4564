"""Joining by one's own will: somebody types an address, and only who reads its mail can confirm.

`ask` does the same for every address: it never looks at the list. What its owner is told is found out when the mail
is written.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, exists, func, select, update
from sqlalchemy.orm import Session

from subscribers import consent, groups, roll
from subscribers.addresses import normal as normal_address
from subscribers.inserting import insert_new, renew
from subscribers.languages import normal as normal_languages
from subscribers.models import ConsentWording, SignUp, State, Subscriber, Suppression
from subscribers.vault import Vault

FORGOTTEN_AFTER = timedelta(days=7)
"""How long a sign-up waits for its confirmation, unless an installation says otherwise."""
BY_FORM = "form"


@dataclass(frozen=True, slots=True)
class Asked:
    """A sign-up, as its own link shows it."""

    languages: str
    language: str
    """Of the page that was pressed, and of the wording."""
    wording: str
    confirmed: bool
    on_list: bool
    """Whether a sign-up that was confirmed still stands: the person may have left since."""
    returns: bool
    """Whether the address must not be written to now, so that to confirm means to come back."""


def ask(
    session: Session,
    vault: Vault,
    *,
    address: str,
    languages: str,
    wording: consent.Wording,
    now: datetime,
    group: int | None = None,
) -> None:
    """Note that this address was typed into the form, which may be a group's own.

    Raises BadAddress, BadLanguage; then nothing was changed.
    """
    known = normal_address(address)
    address_hash = vault.hash(known)
    row = {
        "address_hash": address_hash,
        "sealed_address": vault.seal_address(known.text, address_hash),
        "languages": normal_languages(languages),
        "wording_id": consent.wording_id(session, wording),
        "asked_at": now,
        "group_id": group,
    }
    renew(session, SignUp, "address_hash", row)


def asked(session: Session, sign_up: int, now: datetime, *, waits: timedelta = FORGOTTEN_AFTER) -> Asked | None:
    """What the link of this sign-up shows; nothing where it was forgotten."""
    row = session.execute(
        select(
            SignUp.languages,
            ConsentWording.language,
            ConsentWording.text,
            SignUp.sealed_address.is_(None),
            SignUp.address_hash,
            exists().where(Suppression.address_hash == SignUp.address_hash),
        )
        .join(ConsentWording, ConsentWording.id == SignUp.wording_id)
        .where(_is_kept(sign_up, now - waits))
    ).one_or_none()
    if row is None:
        return None
    languages, language, wording, confirmed, address_hash, returns = row
    return Asked(languages, language, wording, confirmed, reader_with(session, address_hash) is not None, returns)


def confirm(session: Session, sign_up: int, now: datetime, *, waits: timedelta = FORGOTTEN_AFTER) -> int | None:
    """Put on the list whoever holds this sign-up's link, and say their number.

    Once: doing it again changes nothing, and gives nothing where the person has left since.
    """
    waiting = session.scalars(select(SignUp).where(_is_kept(sign_up, now - waits)).with_for_update()).one_or_none()
    if waiting is None:
        return None
    if waiting.sealed_address is None:
        return reader_with(session, waiting.address_hash)
    person = _put_on_list(session, waiting)
    roll.own_will(session, person)
    session.execute(delete(Suppression).where(Suppression.address_hash == waiting.address_hash))
    asked_on = waiting.asked_at.date()
    consent.record(session, [person], wording=waiting.wording_id, came_by=BY_FORM, now=now, asked_on=asked_on)
    if waiting.group_id is not None:
        groups.put_in(session, waiting.group_id, [person])
    waiting.sealed_address = None
    session.flush()
    return person


def reader_with(session: Session, address_hash: bytes) -> int | None:
    """The number of the person with this address who is on the list (a pause is no leaving), and not suppressed."""
    suppressed = select(Suppression.address_hash).where(Suppression.address_hash == address_hash)
    return session.scalar(
        select(Subscriber.id).where(
            Subscriber.address_hash == address_hash, Subscriber.state != State.LEFT, ~suppressed.exists()
        )
    )


def count_waiting(session: Session) -> int:
    """How many sign-ups wait for their confirmation."""
    return session.scalars(select(func.count()).where(SignUp.sealed_address.is_not(None))).one()


def _is_kept(sign_up: int, after: datetime) -> ColumnElement[bool]:
    return (SignUp.id == sign_up) & (SignUp.asked_at > after)


def _put_on_list(session: Session, waiting: SignUp) -> int:
    """A new person, or one who is known and comes back."""
    chosen = {"sealed_address": waiting.sealed_address, "languages": waiting.languages, "state": State.SUBSCRIBED}
    new = insert_new(session, Subscriber).values(address_hash=waiting.address_hash, **chosen).returning(Subscriber.id)
    person = session.scalar(new)
    if person is not None:
        return person
    before = {"left_at": None, "paused_until": None, "off_by_import": None}
    known = update(Subscriber).where(Subscriber.address_hash == waiting.address_hash).values(**chosen, **before)
    return session.scalars(known.returning(Subscriber.id)).one()
