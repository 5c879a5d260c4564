"""What becomes of staged people: looked at before the merge, and decided in it, by the same rules.

What is in conflict is never guessed: the safer standing counts, what the list holds stays, and it is said.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import NamedTuple

from sqlalchemy.orm import Session

from subscribers.importing.recipes import SAFENESS, SUPPRESSING, Standing
from subscribers.importing.staging import Crowd, Staged
from subscribers.inserting import rows_with
from subscribers.models import State, Subscriber, Suppression
from subscribers.vault import Vault

OUTCOMES = ("added", "there", "twice", "away", "unconfirmed", "left", "bounced", "complained", "refused")
"""What may become of a row of the file: each row is counted as one of them."""

OFF = "off"
"""And how many of them are taken off the list by it."""


_SUBSCRIBED = Standing.SUBSCRIBED.value


class Known(NamedTuple):
    """Who is on the list."""

    id: int
    languages: str
    sealed_name: bytes | None
    state: str


@dataclass
class Judged:
    """What is to be done with some people."""

    adds: list[bool] = field(default_factory=list)
    """For each of them, whether they are put on the list."""
    there: list[int] = field(default_factory=list)
    """Those in the file who are on the list, by their number there."""
    suppress: dict[bytes, Standing] = field(default_factory=dict)
    take_off: list[bytes] = field(default_factory=list)
    """Those on the list who left or complained there."""
    counts: Counter[str] = field(default_factory=Counter)
    conflicts: list[tuple[int, str]] = field(default_factory=list)
    """Places, and what is in conflict there."""


def judge(session: Session, vault: Vault, people: Crowd) -> Judged:
    """Judge `people`, everybody of one address together.

    Most are somebody new: they are told from the others as quickly as can be.
    """
    hashes = people.hashes
    bench = _Bench(session, vault, hashes)
    special = bench.away.keys() | bench.known.keys()
    special |= {one for one, other in pairwise(hashes) if one == other}
    special |= {one for one, standing in zip(hashes, people.standings, strict=True) if standing != _SUBSCRIBED}
    adds = bench.out.adds = [one not in special for one in hashes]
    others = [at for at, is_new in enumerate(adds) if not is_new]
    for _, group in groupby(others, hashes.__getitem__):
        rows = list(group)
        adds[rows[0]] = bench.look_at([people.person(at) for at in rows])
    bench.out.counts["added"] = sum(adds)
    return bench.out


class _Bench:
    def __init__(self, session: Session, vault: Vault, hashes: Sequence[bytes]) -> None:
        self._vault = vault
        self.out = Judged()
        away = rows_with(session, Suppression.address_hash, hashes, Suppression.address_hash, Suppression.reason)
        self.away: dict[bytes, str] = dict(map(tuple, away))
        there = rows_with(
            *(session, Subscriber.address_hash, hashes, Subscriber.address_hash),
            *(Subscriber.id, Subscriber.languages, Subscriber.sealed_name, Subscriber.state),
        )
        self.known = {address_hash: Known(*rest) for address_hash, *rest in there}

    def look_at(self, rows: list[Staged]) -> bool:
        """Somebody who is there more than once, or known here, or stands in another way; whether they are added."""
        person, out = rows[0], self.out
        standing = max((row.standing for row in rows), key=SAFENESS.__getitem__)
        out.counts["twice"] += len(rows) - 1
        self._compare_rows(rows, standing)
        if standing in SUPPRESSING:
            self._suppress(person, standing)
        elif reason := self.away.get(person.address_hash):
            out.counts["away"] += 1
            self._say(person, f"This person is not written to here ({reason}): they stay away.")
        elif standing is Standing.UNCONFIRMED:
            out.counts["unconfirmed"] += 1
        elif known := self.known.get(person.address_hash):
            out.counts["there"] += 1
            out.there.append(known.id)
            self._compare_known(person, known)
        else:
            return True
        return False

    def _suppress(self, person: Staged, standing: Standing) -> None:
        self.out.counts[standing] += 1
        known = self.known.get(person.address_hash)
        if known and standing is not Standing.BOUNCED:
            self.out.take_off.append(person.address_hash)
            self.out.counts[OFF] += known.state != State.LEFT
        if person.address_hash in self.away:
            return
        self.out.suppress[person.address_hash] = standing
        if known:
            self._say(person, f"This person is on the list, but had {standing} there: they get nothing any more.")

    def _compare_rows(self, rows: list[Staged], standing: Standing) -> None:
        if len({row.standing for row in rows}) > 1:
            end = f"times and stands differently: “{standing}” counts."
        elif len({(row.languages, row.name.casefold()) for row in rows}) > 1:
            end = "times with another name or other languages: the first row counts."
        else:
            return
        self._say(rows[0], f"The address is in the file {len(rows)} {end}")

    def _compare_known(self, person: Staged, known: Known) -> None:
        name = self._vault.open_name(known.sealed_name, person.address_hash) if known.sealed_name else ""
        pairs = (("another name", person.name, name), ("other languages", person.languages, known.languages))
        other = [what for what, there, here in pairs if there and there.casefold() != here.casefold()]
        if other:
            self._say(person, f"This person is on the list with {' and '.join(other)}: what the list says stays.")

    def _say(self, person: Staged, what: str) -> None:
        self.out.conflicts.append((person.place, what))
