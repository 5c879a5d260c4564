"""What is held about people: every column of every table, why, and until when, put together from the models themselves.

A column without a word here fails when the report is made, and with it a test: who adds one says why, and until when.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Column, Table

from newsletter.config import Settings
from newsletter.desk.sessions import IDLE
from newsletter.migrations import METADATA
from newsletter.notices.outbox import GIVEN_UP
from newsletter.purposes import ABOUT_NOBODY, KINDS, Kind
from subscribers import importing
from subscribers.address_change import KEPT
from subscribers.mailed import WITHIN

OUTSIDE = (
    "Beside the key file lies a journal: of who left, was erased, gave up an address, bounced or came back, a keyed "
    "hash, what it was, and the day, for good. It is there so that an older database that is put back writes to nobody "
    "who is gone.",
    "The mail server or provider that takes our mail sees each address, what is written to it, and when. "
    "How long it keeps that is up to its own rules and the contract with it.",
    "The companies that run readers’ mailboxes see that they get this newsletter, and can read it.",
    "Whoever runs the machine can read what passes through it while the keys are there.",
    "Backups hold what the database held on their day, until they are deleted. The key file is in none of them; "
    "whoever has both can read them.",
    "A web server or proxy before the pages may write logs of its own, with IP addresses. This program writes none.",
    "Files that somebody imported or exported lie where that person put them.",
)
"""What is beyond this program, in plain words; readers get them in their language (templates/locale)."""

NOT_HELD = (
    "No IP address, no browser of a reader, not who opened a mail and not who followed a link. Addresses and names of "
    "readers stand in no log. From which network a form came is remembered as a hash, for an hour, in memory alone."
)
"""For readers in their language, too."""


class Unexplained(LookupError):
    """A column or table that nobody has said the purpose of: a mistake of ours."""


@dataclass(frozen=True)
class Line:
    """One column."""

    column: str
    what: str
    how: str
    why: str
    until: str


@dataclass(frozen=True)
class Holding:
    """One table."""

    about: str
    """Whom."""
    title: str
    table: str
    until: str
    """For all lines that say nothing else."""
    lines: tuple[Line, ...]


def report(settings: Settings) -> list[Holding]:
    """Everything that is held about people, in the order in which it is told. Raises Unexplained."""
    known = {table.name: table for metadata in METADATA for table in metadata.tables.values()}
    for name, columns in ABOUT_NOBODY.items():
        _all_said(known.pop(name), set(columns.split()))
    if known.keys() != KINDS.keys():
        raise Unexplained(", ".join(sorted(known.keys() ^ KINDS.keys())))
    times = _times(settings)
    return [
        Holding(kind.about, kind.title, name, kind.until.format(**times), tuple(_lines(known[name], kind, times)))
        for name, kind in KINDS.items()
    ]


def _lines(table: Table, kind: Kind, times: dict[str, str]) -> Iterator[Line]:
    _all_said(table, set(kind.columns))
    for column in table.columns:
        reason = kind.columns[column.name]
        until = (reason.until or kind.until).format(**times)
        yield Line(column.name, reason.what, how(column), reason.why, until)


def _all_said(table: Table, said: set[str]) -> None:
    if odd := said ^ set(table.columns.keys()):
        raise Unexplained(f"{table.name}: {', '.join(sorted(odd))}")


def how(column: Column[object]) -> str:
    """In which form a value lies in the database."""
    name = str(column.name)
    if name.startswith("sealed_"):
        return "encrypted"
    if name in ("address_hash", "domain_hash"):
        return "keyed hash"
    return "hash" if name in ("token_hash", "password") else "in clear"


def _times(settings: Settings) -> dict[str, str]:
    return {
        "undo": _days(settings.undo_for),
        "sign_up": _days(settings.sign_ups_wait),
        "change": _days(KEPT),
        "mailed": _days(WITHIN),
        "import_file": _days(importing.FORGOTTEN_AFTER),
        "import_undo": _days(importing.UNDO_FOR),
        "notice": _days(GIVEN_UP),
        "session": _days(IDLE),
        "replies": _days(timedelta(days=settings.replies_days)),
        "receivers": _days(timedelta(days=settings.receivers_days)),
    }


def _days(time: timedelta) -> str:
    return "1 day" if time.days == 1 else f"{time.days} days"
