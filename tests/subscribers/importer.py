"""Imports as a person does them: the file given, its columns taken as guessed, looked at, merged."""

import io
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select

from newsletter.db import Database
from subscribers import importing
from subscribers.addresses import normal
from subscribers.consent import Wording
from subscribers.importing import Agreed, Columns, Tools
from subscribers.models import Import, Subscriber, Suppression
from subscribers.vault import Vault
from tests.journals import journal

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
TOLD = Wording("en", "Signed the list at the gathering in May.")
AGREED = Agreed(TOLD, date(2026, 5, 1))


class Importer:
    """One newsletter's list, and what is done to it. `now` can be set."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self.database, self.vault, self.now = database, vault, NOW
        self.tools = Tools(database.read, database.write, vault, journal(), lambda: self.now)

    def take(self, content: bytes | str, called: str = "list.csv") -> Import:
        """All of it."""
        data = content.encode() if isinstance(content, str) else content
        return self.found(importing.take_in(self.tools, io.BytesIO(data), called, AGREED))

    def look(
        self, content: bytes | str, called: str = "list.csv", columns: Columns | None = None, **more: Any
    ) -> Import:
        """As far as what would happen is known."""
        data = content.encode() if isinstance(content, str) else content
        number = importing.keep(self.tools, io.BytesIO(data), called)
        importing.choose(self.tools, number, columns or importing.outline(self.tools, number).columns, AGREED, **more)
        self.go_on(number)
        return self.found(number)

    def merge(self, number: int) -> Import:
        """And put them on the list."""
        with self.database.write() as session:
            importing.begin_merge(session, number, self.now)
        self.go_on(number)
        return self.found(number)

    def undo(self, number: int) -> Import:
        """And take them off again."""
        with self.database.write() as session:
            importing.begin_undo(session, number, self.now)
        self.go_on(number)
        return self.found(number)

    def go_on(self, number: int) -> None:
        """To the next step that a person begins."""
        for _ in importing.go_on(self.tools, number):
            pass

    def found(self, number: int) -> Import:
        """As it stands now."""
        with self.database.read() as session:
            return importing.find(session, number)

    def notes(self, number: int, kind: str = "") -> list[tuple[int, str]]:
        """Lines, and what is said about them."""
        with self.database.read() as session:
            return [(note.line, note.why) for note in importing.notes(session, number, kind)]

    def names(self) -> dict[str, str]:
        """Everyone on the list: address to name."""
        with self.database.read() as session:
            return {
                self.vault.open_address(person.sealed_address, person.address_hash): self.vault.open_name(
                    person.sealed_name, person.address_hash
                )
                if person.sealed_name
                else ""
                for person in session.scalars(select(Subscriber).order_by(Subscriber.id))
            }

    def numbers(self) -> dict[str, int]:
        """Everyone on the list: address to number."""
        with self.database.read() as session:
            return {
                self.vault.open_address(person.sealed_address, person.address_hash): person.id
                for person in session.scalars(select(Subscriber))
            }

    def suppressed(self, *addresses: str) -> dict[str, str]:
        """Those of the addresses that are not written to, and why."""
        with self.database.read() as session:
            reasons = {row.address_hash: row.reason for row in session.scalars(select(Suppression))}
        return {a: reasons[mark] for a in addresses if (mark := self.vault.hash(normal(a))) in reasons}
