"""Another address for who reads already: it takes the place of the old one once both mailboxes said yes.

`ask` never looks whether the new address is on the list. What its owner is told is found out when the mail is written.
"""

import enum
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ScalarSelect, delete, select
from sqlalchemy.orm import Session

from subscribers import roll
from subscribers.addresses import mailbox
from subscribers.addresses import normal as normal_address
from subscribers.joining import reader_with
from subscribers.models import AddressChange, MailedDay, State, Subscriber, Suppression
from subscribers.vault import Vault

KEPT = timedelta(days=2)
"""How long a change waits for both mailboxes; then it is forgotten."""


class Side(enum.StrEnum):
    """Whose mailbox."""

    OLD = "old"
    NEW = "new"


class Standing(enum.Enum):
    """How far a change is, as the link in one of its mails shows it."""

    ASKED = enum.auto()
    HALF = enum.auto()
    """This mailbox said yes, the other did not yet."""
    DONE = enum.auto()


class Moved(NamedTuple):
    """Whose address was changed, and the hash of the one given up."""

    subscriber_id: int
    before: bytes


def ask(session: Session, vault: Vault, subscriber_id: int, *, address: str, now: datetime) -> int | None:
    """Note that this reader wants another address, and say the change's number; nothing where they are off the list.

    What they asked for before is forgotten, unless it was the same. Raises BadAddress; then nothing was changed.
    """
    known = normal_address(address)
    address_hash = vault.hash(known)
    if _reader(session, subscriber_id) is None:
        return None
    before = session.scalars(select(AddressChange).filter_by(subscriber_id=subscriber_id)).one_or_none()
    if before and before.address_hash == address_hash and before.sealed_address:
        before.asked_at = now  # the mail that was sent is good for it: there may be no other today
        return before.id
    session.execute(delete(AddressChange).where(AddressChange.subscriber_id == subscriber_id))
    change = AddressChange(
        subscriber_id=subscriber_id,
        address_hash=address_hash,
        sealed_address=vault.seal_address(known.text, address_hash),
        asked_at=now,
    )
    session.add(change)
    session.flush()
    return change.id


def standing(session: Session, change_id: int, side: Side, now: datetime) -> Standing | None:
    """How far it is; nothing where it was forgotten, or where the reader is off the list."""
    change = session.scalars(
        select(AddressChange)
        .join(Subscriber, Subscriber.id == AddressChange.subscriber_id)
        .where(AddressChange.id == change_id, AddressChange.asked_at > now - KEPT, Subscriber.state != State.LEFT)
    ).one_or_none()
    if change is None:
        return None
    if change.sealed_address is None:
        return Standing.DONE
    agrees = change.old_agrees if side is Side.OLD else change.new_agrees
    return Standing.HALF if agrees else Standing.ASKED


def agree(session: Session, vault: Vault, change_id: int, side: Side, now: datetime) -> Moved | None:
    """Note that this mailbox says yes. With the second one the reader moves, once; doing it again changes nothing.

    Where they did, `journal.note_moved` belongs into a transaction after this one.
    """
    if standing(session, change_id, side, now) in (None, Standing.DONE):
        return None
    person = select(AddressChange.subscriber_id).where(AddressChange.id == change_id).scalar_subquery()
    reader = _reader(session, person)
    change = session.get(AddressChange, change_id, with_for_update=True, populate_existing=True)
    if reader is None or change is None or change.sealed_address is None:
        return None
    setattr(change, f"{side}_agrees", True)
    return _move(session, vault, reader, change) if change.old_agrees and change.new_agrees else None


def forget(session: Session, now: datetime) -> None:
    """Forget what was asked for too long ago, and what was done since."""
    session.execute(delete(AddressChange).where(AddressChange.asked_at <= now - KEPT))


def _reader(session: Session, number: int | ScalarSelect[int]) -> Subscriber | None:
    """Who is on the list, for this transaction alone: of two changes, or two presses, one comes first."""
    on_list = select(Subscriber).where(Subscriber.id == number, Subscriber.state != State.LEFT)
    return session.scalars(on_list.with_for_update().execution_options(populate_existing=True)).one_or_none()


def _move(session: Session, vault: Vault, reader: Subscriber, change: AddressChange) -> Moved | None:
    """All that is theirs stays, by number. Of the old address nothing does: it may be subscribed anew, by anybody."""
    old, new = reader.address_hash, change.address_hash
    before = vault.hash(mailbox(vault.open_address(reader.sealed_address, old)))
    if reader_with(session, old) != reader.id or _is_known(session, new):  # since the mails were written
        session.delete(change)
        return None
    if reader.sealed_name:
        reader.sealed_name = vault.seal_name(vault.open_name(reader.sealed_name, old), new)
    reader.address_hash, reader.sealed_address = new, change.sealed_address or b""
    change.sealed_address = None
    session.flush()
    for address_hash in (old, new):
        roll.forget_sign_up(session, address_hash)
    session.execute(delete(MailedDay).where(MailedDay.address_hash.in_((old, before))))
    return Moved(reader.id, old)


def _is_known(session: Session, address_hash: bytes) -> bool:
    """Whether somebody has this address, or must not be written to at it."""
    there = select(Subscriber.id).where(Subscriber.address_hash == address_hash)
    return session.scalar(there) is not None or session.get(Suppression, address_hash) is not None
