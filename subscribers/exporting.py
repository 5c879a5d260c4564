"""The list as a file, to keep or to take elsewhere: everything as JSON, the people as a table. Read in chunks."""

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from subscribers import topics
from subscribers.formulas import guarded
from subscribers.models import (
    AddressChange,
    Consent,
    ConsentWording,
    Group,
    GroupMember,
    SignUp,
    Subscriber,
    Suppression,
    UnwantedTopic,
)
from subscribers.vault import Vault

COLUMNS = (
    *("address", "name", "languages", "state", "suppressed", "suppressed_on", "plain_text", "paused_until", "left_on"),
    *("groups", "unwanted_topics"),
    *("came_by", "asked_on", "confirmed_on", "withdrawn_on", "wording"),
)
"""Of the table. Of several consents it shows the last; the JSON holds them all."""
_CHUNK = 1000


def as_json(session: Session, vault: Vault) -> Iterator[str]:
    """All that is kept: readers, sign-ups and changes of address that wait, and who must not be written to, as keyed
    hashes in hex."""
    parts = {
        "readers": readers(session, vault),
        "waiting": _waiting(session, vault),
        "changes_of_address": _changes(session, vault),
        "suppressed": _kept_off(session),
    }
    opening = "{"
    for name, items in parts.items():
        yield f'{opening}\n"{name}": ['
        mark = ""
        for item in items:
            yield f"{mark}\n{json.dumps(item, ensure_ascii=False)}"
            mark = ","
        yield "\n]"
        opening = ","
    yield "\n}\n"


def as_csv(session: Session, vault: Vault, *, raw: bool = False) -> Iterator[str]:
    """The people, a line each. No cell runs as a formula in a spreadsheet, unless `raw` asks for the bare values."""
    yield _line(COLUMNS)
    for reader in readers(session, vault):
        consent = (reader["consents"] or [{}])[-1]
        cells = [_cell((reader | consent).get(column)) for column in COLUMNS]
        yield _line(cells if raw else map(guarded, cells))


def readers(session: Session, vault: Vault, *which: ColumnElement[bool]) -> Iterator[dict[str, Any]]:
    """Each person with all that is kept about them in this room, by number; days are written as ISO 8601."""
    after = 0
    while rows := session.execute(_SHOWN.where(Subscriber.id > after, *which).limit(_CHUNK)).all():
        numbers = [row.id for row in rows]
        consents, groups, unwanted = _consents(session, numbers), _groups(session, numbers), _unwanted(session, numbers)
        for row in rows:
            yield {
                "address": vault.open_address(row.sealed_address, row.address_hash),
                "name": vault.open_name(row.sealed_name, row.address_hash) if row.sealed_name else "",
                "languages": row.languages.split(",") if row.languages else [],
                "state": row.state.value,
                "suppressed": row.reason,
                "suppressed_on": row.day and row.day.isoformat(),
                "plain_text": row.plain_text,
                "paused_until": row.paused_until and row.paused_until.isoformat(),
                "left_on": row.left_at and row.left_at.date().isoformat(),
                "groups": groups[row.id],
                "unwanted_topics": unwanted[row.id],
                "consents": consents[row.id],
            }
        after = numbers[-1]


_SHOWN = (
    select(
        Subscriber.id,
        Subscriber.address_hash,
        Subscriber.sealed_address,
        Subscriber.sealed_name,
        Subscriber.languages,
        Subscriber.state,
        Subscriber.plain_text,
        Subscriber.paused_until,
        Subscriber.left_at,
        Suppression.reason,
        Suppression.day,
    )
    .outerjoin_from(Subscriber, Suppression, Suppression.address_hash == Subscriber.address_hash)
    .order_by(Subscriber.id)
)


def _consents(session: Session, numbers: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    rows = session.execute(
        select(Consent, ConsentWording.language, ConsentWording.text)
        .join(ConsentWording, ConsentWording.id == Consent.wording_id)
        .where(Consent.subscriber_id.in_(numbers))
        .order_by(Consent.id)
    )
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for consent, language, wording in rows:
        days = {name: getattr(consent, name) for name in ("asked_on", "confirmed_on", "withdrawn_on")}
        found[consent.subscriber_id].append(
            {"came_by": consent.came_by, "language": language, "wording": wording}
            | {name: day and day.isoformat() for name, day in days.items()}
        )
        session.expunge(consent)
    return found


def _groups(session: Session, numbers: Sequence[int]) -> dict[int, list[str]]:
    rows = session.execute(
        select(GroupMember.subscriber_id, Group.name)
        .join(Group, Group.id == GroupMember.group_id)
        .where(GroupMember.subscriber_id.in_(numbers), Group.removed_at.is_(None))
        .order_by(Group.name)
    )
    return _gathered(rows)


def _unwanted(session: Session, numbers: Sequence[int]) -> dict[int, list[str]]:
    names = {topic.id: topics.called(topic, "en").name for topic in topics.topics(session)}
    mine = UnwantedTopic.subscriber_id.in_(numbers)
    rows = session.execute(select(UnwantedTopic.subscriber_id, UnwantedTopic.topic_id).where(mine))
    return _gathered((reader, names[topic]) for reader, topic in rows if topic in names)


def _gathered(pairs: Iterable[tuple[int, str]]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    for reader, name in pairs:
        found[reader].append(name)
    return found


def _waiting(session: Session, vault: Vault) -> Iterator[dict[str, Any]]:
    rows = session.execute(
        select(SignUp, ConsentWording.language, ConsentWording.text, Group.name)
        .join(ConsentWording, ConsentWording.id == SignUp.wording_id)
        .outerjoin(Group, Group.id == SignUp.group_id)
        .where(SignUp.sealed_address.is_not(None))  # else it was confirmed, and stands among the readers
        .order_by(SignUp.id)
    )
    for sign_up, language, wording, group in rows.yield_per(_CHUNK):
        yield {
            "address": vault.open_address(sign_up.sealed_address or b"", sign_up.address_hash),
            "languages": sign_up.languages.split(","),
            "asked_on": sign_up.asked_at.date().isoformat(),
            "language": language,
            "wording": wording,
            "group": group,
        }
        session.expunge(sign_up)


def _changes(session: Session, vault: Vault) -> Iterator[dict[str, Any]]:
    rows = session.execute(
        select(AddressChange, Subscriber.sealed_address, Subscriber.address_hash)
        .join(Subscriber, Subscriber.id == AddressChange.subscriber_id)
        .where(AddressChange.sealed_address.is_not(None))  # else it was changed
    )
    for change, sealed, address_hash in rows:
        yield {
            "address": vault.open_address(sealed, address_hash),
            "new_address": vault.open_address(change.sealed_address or b"", change.address_hash),
            "asked_on": change.asked_at.date().isoformat(),
            "old_mailbox_agrees": change.old_agrees,
            "new_mailbox_agrees": change.new_agrees,
        }


def _kept_off(session: Session) -> Iterator[dict[str, Any]]:
    rows = session.execute(select(Suppression.address_hash, Suppression.reason, Suppression.day).order_by("day"))
    for address_hash, reason, day in rows.yield_per(_CHUNK):
        yield {"hash": address_hash.hex(), "reason": reason, "day": day.isoformat()}


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, list) else str(value or "")


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerow(cells)
    return out.getvalue()
