"""A new address key: what the older one sealed is sealed anew, in short transactions, while everything goes on.

What is not done yet is a question to the database, since the first byte of a sealed value names its key. So whoever
is killed half-way has nothing to remember: the next one goes on.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, LargeBinary, bindparam, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from newsletter.db import Database
from newsletter.desk.models import Member
from newsletter.notices.models import Notice
from subscribers.errors import SubscriberError
from subscribers.key_file import KeyFile
from subscribers.keys import Keys
from subscribers.models import AddressChange, ImportBatch, ImportPiece, SignUp, Subscriber
from subscribers.vault import Vault

CHUNK = 500
"""Values that are sealed anew in one transaction: some milliseconds."""
KEPT_FOR = timedelta(days=1)
"""How long an older key is kept at least: what was sealed with it a moment before may still be on its way."""


class Place(NamedTuple):
    """A column of sealed values, and how they are opened and sealed."""

    value: InstrumentedAttribute[Any]
    open: Callable[[Vault, bytes, bytes], Any]
    seal: Callable[[Vault, Any, bytes], bytes]
    at_once: int = CHUNK
    """Values in one transaction."""

    @property
    def table(self) -> type[Any]:
        """It has an `id`."""
        kept: type[Any] = self.value.class_
        return kept

    @property
    def bound_to(self) -> InstrumentedAttribute[Any]:
        """What its sealed values belong to: the address's hash, or noise."""
        mark: InstrumentedAttribute[Any] = getattr(self.table, "address_hash", None) or self.table.mark
        return mark


PLACES = (
    Place(Subscriber.sealed_address, Vault.open_address, Vault.seal_address),
    Place(Subscriber.sealed_name, Vault.open_name, Vault.seal_name),
    Place(SignUp.sealed_address, Vault.open_address, Vault.seal_address),
    Place(AddressChange.sealed_address, Vault.open_address, Vault.seal_address),
    Place(Notice.sealed_address, Vault.open_address, Vault.seal_address),
    Place(Notice.sealed_values, Vault.open_text, Vault.seal_text),
    Place(Member.sealed_address, Vault.open_address, Vault.seal_address),
    Place(ImportPiece.sealed_piece, Vault.open_piece, Vault.seal_piece, at_once=5),
    Place(ImportBatch.sealed_people, Vault.open_piece, Vault.seal_piece),
)
"""Everything that is sealed."""


def begin(key_file: KeyFile, now: datetime) -> Keys:
    """Make a new address key, unless one took the place of another already and that is not over."""
    return key_file.change(lambda keys: keys if keys.retired_at else keys.renewed(now))


def count_left(session: Session, current: int) -> int:
    """How many values another key than the `current` one sealed."""
    counts = (select(func.count()).select_from(place.table).where(_is_left(place, current)) for place in PLACES)
    return sum(session.scalars(count).one() for count in counts)


def seal_anew(database: Database, vault: Vault) -> Iterator[int]:
    """Seal with the current key whatever is not; gives how many were, after each transaction.

    It goes through everything until nothing is left, or until no more can be done: the rest is being changed by others
    at this moment, or cannot be opened.
    """
    is_done = False
    while not is_done:
        is_done = True
        for place in PLACES:
            for moved in _go_through(database, vault, place):
                is_done = False
                yield moved


def put_away(database: Database, key_file: KeyFile, now: datetime) -> bool:
    """Take older keys out of the file, a day after they sealed last, if nothing at all is sealed under them.

    Whether only the current one is there now. Raises OSError where the file cannot be written.
    """

    def without(keys: Keys) -> Keys:
        is_time = keys.retired_at is not None and keys.retired_at + KEPT_FOR <= now
        with database.read() as session:
            return keys.without_older() if is_time and not count_left(session, keys.current) else keys

    return key_file.change(without).retired_at is None


def _is_left(place: Place, current: int) -> ColumnElement[bool]:
    """Where there is no value, nothing is to be done."""
    return func.substr(place.value, 1, 1, type_=LargeBinary) != bytes([current])


def _go_through(database: Database, vault: Vault, place: Place) -> Iterator[int]:
    table, last = place.table, 0
    while True:
        left = select(table.id, place.value, place.bound_to).where(table.id > last, _is_left(place, vault.current))
        with database.read() as session:
            rows = session.execute(left.order_by(table.id).limit(place.at_once)).all()
        if not rows:
            return
        last = rows[-1][0]
        anew = list(_sealed_anew(vault, place, rows))
        with database.write() as session:
            moved = _replace(session, place, anew) if anew else 0
        if moved:
            yield moved


def _sealed_anew(vault: Vault, place: Place, rows: Sequence[Any]) -> Iterator[dict[str, Any]]:
    for number, value, address_hash in rows:
        try:
            anew = place.seal(vault, place.open(vault, value, address_hash), address_hash)
        except SubscriberError:  # damaged: it is counted as left, and holds nobody else up
            continue
        yield {"which": number, "before": value, "anew": anew}


def _replace(session: Session, place: Place, anew: Sequence[dict[str, Any]]) -> int:
    """Only what is still as it was read. Rows that others hold are passed over, so that nobody waits in a circle."""
    table = place.table.__table__
    among = table.c.id.in_([row["which"] for row in anew])
    free = set(session.scalars(select(table.c.id).where(among).with_for_update(skip_locked=True, key_share=True)))
    column = table.c[place.value.key]
    same = (table.c.id == bindparam("which")) & (column == bindparam("before"))
    rows = [row for row in anew if row["which"] in free]
    if not rows:
        return 0
    return session.connection().execute(update(table).where(same).values({column: bindparam("anew")}), rows).rowcount
