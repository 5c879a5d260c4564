"""Adding people and showing what is held about one. Everything sealed on the way in, opened on the way out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from subscribers import consent, groups, topics
from subscribers.addresses import normal as normal_address
from subscribers.errors import AlreadyThere, NotFound, Suppressed
from subscribers.inserting import insert_new
from subscribers.languages import normal as normal_languages
from subscribers.models import AddressChange, Consent, ConsentWording, SignUp, State, Subscriber, Suppression
from subscribers.names import tidy
from subscribers.suppression import NOBODY_THERE
from subscribers.vault import Vault

LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What became of those who were to be added, by address hash. Who is in neither was there already."""

    added: frozenset[bytes]
    suppressed: frozenset[bytes]


@dataclass(frozen=True, slots=True)
class Agreed:
    """One consent, as it is shown."""

    came_by: str
    wording: str
    confirmed_on: date | None
    withdrawn_on: date | None


@dataclass(frozen=True, slots=True)
class Held:
    """All that is held about one address. The repr shows neither address nor name."""

    address: str = field(repr=False)
    name: str = field(repr=False)
    languages: str
    state: State | None
    """Nothing where the person was erased and only the suppression is left, or where they still have to confirm."""
    left_at: datetime | None
    consents: tuple[Agreed, ...]
    suppressed: str
    """The reason, or nothing."""
    suppressed_on: date | None
    plain_text: bool
    paused_until: date | None
    asked_on: date | None
    """When somebody typed the address into the form, and it still waits for its owner's word."""
    groups: tuple[str, ...]
    unwanted_topics: tuple[str, ...]

    @property
    def may_be_lifted(self) -> bool:
        """Whether they are on the list, and not written to since nobody is said to be at the address."""
        return self.suppressed in NOBODY_THERE and self.state not in (None, State.LEFT)


def add(
    session: Session,
    vault: Vault,
    *,
    address: str,
    name: str,
    languages: str,
    came_by: str,
    wording: consent.Wording,
    now: datetime,
) -> Subscriber:
    """Add one person. Raises BadAddress, BadLanguage, Suppressed or AlreadyThere; then nothing was changed."""
    person = sealed(vault, address=address, name=name, languages=languages)
    kept = consent.wording_id(session, wording)
    outcome = enrol(session, [person], wording=kept, came_by=came_by, now=now)
    if outcome.suppressed:
        raise Suppressed(
            "This person left, or their mailbox refused us: only they themselves can come back to the list."
        )
    if not outcome.added:
        raise AlreadyThere("This person is on the list already; nothing was changed.")
    return session.scalars(select(Subscriber).filter_by(address_hash=person["address_hash"])).one()


def is_anyone_known(session: Session) -> bool:
    """Whether anything is kept here that the present keys must open: a person, or the hash of one who left."""
    return any(session.scalar(select(column).limit(1)) is not None for column in (Subscriber.id, Suppression.day))


def sealed(vault: Vault, *, address: str, name: str, languages: str) -> dict[str, Any]:
    """A row for `enrol`, checked and sealed. Raises BadAddress, BadLanguage or SubscriberError."""
    known = normal_address(address)
    address_hash = vault.hash(known)
    called = tidy(name, LONGEST_NAME)
    return {
        "address_hash": address_hash,
        "sealed_address": vault.seal_address(known.text, address_hash),
        "sealed_name": vault.seal_name(called, address_hash) if called else None,
        "languages": normal_languages(languages),
        "state": State.SUBSCRIBED,
    }


def enrol(session: Session, people: Sequence[dict[str, Any]], *, wording: int, came_by: str, now: datetime) -> Enrolled:
    """Add all `people` (rows of `sealed`) who are neither suppressed nor there; the others stay as they are."""
    hashes = [person["address_hash"] for person in people]
    suppressed = frozenset(
        session.scalars(select(Suppression.address_hash).where(Suppression.address_hash.in_(hashes)))
    )
    rows = [person for person in people if person["address_hash"] not in suppressed]
    if not rows:
        return Enrolled(frozenset(), suppressed)
    statement = insert_new(session, Subscriber).returning(Subscriber.id, Subscriber.address_hash)
    added = session.execute(statement, rows).all()
    consent.record(session, [row.id for row in added], wording=wording, came_by=came_by, now=now)
    return Enrolled(frozenset(row.address_hash for row in added), suppressed)


def show(session: Session, vault: Vault, address: str) -> Held:
    """All that is held about `address`. Raises BadAddress, or NotFound where nothing is."""
    known = normal_address(address)
    address_hash = vault.hash(known)
    person = session.scalars(select(Subscriber).filter_by(address_hash=address_hash)).one_or_none()
    suppression = session.get(Suppression, address_hash)
    asked = (session.scalar(_asked_at(table, address_hash)) for table in (SignUp, AddressChange))
    waiting = next(filter(None, asked), None)
    if person is None and suppression is None and waiting is None:
        raise NotFound("Nobody on the list has this address.")
    return Held(
        address=vault.open_address(person.sealed_address, address_hash) if person else known.text,
        name=vault.open_name(person.sealed_name, address_hash) if person and person.sealed_name else "",
        languages=person.languages if person else "",
        state=person.state if person else None,
        left_at=person.left_at if person else None,
        consents=_agreed(session, person.id) if person else (),
        suppressed=suppression.reason if suppression else "",
        suppressed_on=suppression.day if suppression else None,
        plain_text=person is not None and person.plain_text,
        paused_until=person.paused_until if person else None,
        asked_on=waiting.date() if waiting else None,
        groups=_groups(session, person.id) if person else (),
        unwanted_topics=_unwanted(session, person.id) if person else (),
    )


def _asked_at(table: type[SignUp] | type[AddressChange], address_hash: bytes) -> Select[datetime]:
    return select(table.asked_at).where(table.address_hash == address_hash, table.sealed_address.is_not(None)).limit(1)


def _agreed(session: Session, subscriber_id: int) -> tuple[Agreed, ...]:
    rows = session.execute(
        select(Consent.came_by, ConsentWording.text, Consent.confirmed_on, Consent.withdrawn_on)
        .join(ConsentWording, ConsentWording.id == Consent.wording_id)
        .where(Consent.subscriber_id == subscriber_id)
        .order_by(Consent.id)
    )
    return tuple(Agreed(*row) for row in rows)


def _groups(session: Session, subscriber_id: int) -> tuple[str, ...]:
    mine = groups.of_person(session, subscriber_id)
    return tuple(group.name for group in groups.groups(session) if group.id in mine)


def _unwanted(session: Session, subscriber_id: int) -> tuple[str, ...]:
    without = topics.unwanted(session, subscriber_id)
    return tuple(topics.called(topic, "en").name for topic in topics.topics(session) if topic.id in without)


def number_of(session: Session, vault: Vault, address: str) -> int:
    """The number of the person with this address. Raises BadAddress, or NotFound where there is none."""
    known = vault.hash(normal_address(address))
    number = session.scalar(select(Subscriber.id).where(Subscriber.address_hash == known))
    if number is None:
        raise NotFound("Nobody on the list has this address.")
    return number


def bounced(session: Session, vault: Vault, most: int) -> list[str]:
    """Addresses on the list that are not written to, since nobody is there: at most so many, those found out last."""
    rows = session.execute(
        select(Subscriber.sealed_address, Subscriber.address_hash)
        .join(Suppression, Suppression.address_hash == Subscriber.address_hash)
        .where(Suppression.reason.in_(NOBODY_THERE), Subscriber.state != State.LEFT)
        .order_by(Suppression.day.desc(), Subscriber.id)
        .limit(most)
    )
    return [vault.open_address(*row) for row in rows]


def address_of(session: Session, vault: Vault, subscriber_id: int) -> str:
    """The address of one person, opened. Raises NotFound where they were erased."""
    person = session.get(Subscriber, subscriber_id)
    if person is None:
        raise NotFound("This person was erased.")
    return vault.open_address(person.sealed_address, person.address_hash)
