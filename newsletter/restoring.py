"""After a backup of the database was put back: who left since is taken off again, and no mailing goes on by itself."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from newsletter.delivery.models import Mailing, MailingState
from subscribers import journal as journals
from subscribers.errors import JournalMissing
from subscribers.journal import Journal
from subscribers.journal_file import JournalFile
from subscribers.models import AddressChange, SignUp, Subscriber
from subscribers.retention import erase_left

AHEAD = 1_000_000
"""So many numbers are left out: links with those that were given since the backup are in people's mailboxes."""

WAITS = {
    MailingState.SCHEDULED: (
        MailingState.HELD,
        "The database was put back from a backup: look whether this is still what you want to say, and whether it went "
        "out already. Then resume or cancel it.",
    ),
    MailingState.SENDING: (
        MailingState.PAUSED,
        "The database was put back from a backup: who still waits here may have got it since. To resume may write to "
        "them once more, to cancel leaves them out.",
    ),
}
"""What becomes of mailings that would go on by themselves, and what is said about it."""


@dataclass(frozen=True)
class CaughtUp:
    """What was found and done."""

    people: int
    """Who left, were erased or came back since the backup, or cannot be written to any more."""
    mailings: int
    """Those that wait for a person's word now."""
    unreadable: int
    """Lines of journals that nobody can read any more."""


def catch_up(
    session: Session,
    journal: Journal,
    now: datetime,
    *,
    undo_for: timedelta,
    files: Sequence[Path] = (),
    lost: Collection[int] = (),
) -> CaughtUp:
    """Replay the journals, erase anew who was erased, and have every mailing that is not over wait for a person.

    Who left longer than `undo_for` ago is erased. `files` are journals of other machines, `lost` the ids of those that
    are no more. Doing it again changes nothing.
    Raises JournalMissing where a journal is in neither and not beside the keys; SubscriberError, OSError.
    """
    at_hand = {file.number(): file for file in map(JournalFile, files)}
    for number, file in journals.known(session, journal).items():
        if file.path.exists():
            at_hand.setdefault(number, file)
        elif number not in at_hand and number not in lost:
            raise JournalMissing(
                f"The journal {file.path.name} is not beside the keys: name its file, wherever it is, or say "
                f"--lost {number:08x} where there is none any more (who left since the backup may then be written to)."
            )
    replayed = journals.catch_up(session, at_hand)
    journals.do_without(session, journal, lost, now.date())
    erase_left(session, now, undo_for=undo_for)
    _skip_numbers(session)
    return CaughtUp(replayed.people, _hold(session), replayed.unreadable)


def _hold(session: Session) -> int:
    held = 0
    for state, (after, note) in WAITS.items():
        waiting = update(Mailing).where(Mailing.state == state).values(state=after, note=note).returning(Mailing.id)
        held += len(session.scalars(waiting).all())
    return held


def _skip_numbers(session: Session) -> None:
    """A link that was given since the backup must fit nobody who comes now."""
    for table in (Subscriber, SignUp, AddressChange):
        named = {"name": table.__tablename__, "ahead": AHEAD}
        if session.get_bind().dialect.name == "postgresql":
            sequence = func.pg_get_serial_sequence(table.__tablename__, "id")
            session.execute(select(func.setval(sequence, func.nextval(sequence) + AHEAD)))
            continue
        session.execute(
            text("INSERT INTO sqlite_sequence SELECT :name, 0 WHERE :name NOT IN (SELECT name FROM sqlite_sequence)"),
            named,
        )
        session.execute(text("UPDATE sqlite_sequence SET seq = seq + :ahead WHERE name = :name"), named)
