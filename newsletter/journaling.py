"""What the journal means for sending: a database that was put back from a backup says so, and sends nothing."""

from datetime import datetime

from newsletter.db import Database
from subscribers import journal as journals
from subscribers.journal import Journal, Lag

REFUSALS = {
    Lag.NONE: "",
    Lag.PUT_BACK: "This database was put back from a backup: it does not know who left since, nor what was sent. "
    "It sends nothing until an owner presses the button on the desk’s first page, or runs `newsletter restored`.",
    Lag.LOST: "The journal of who left is not beside the keys of this machine: {missing}. After a move, copy it there "
    "from the old machine; a further machine is let in by one that runs, when a mailing begins or within the hour. "
    "Where it is lost, run `newsletter restored {lost}`. Until then nothing is sent from here.",
    Lag.STUCK: "The journal of who left, beside the keys, cannot be written: free space on its disk, or let this user "
    "write it. Until then nothing is sent from here.",
}


def refusal(database: Database, journal: Journal, now: datetime) -> str:
    """Why nothing may be sent, and what to do, in a few sentences; nothing where the database knows all that the
    journal holds.

    Where a crash came between the two, the database learns it here. Asked before each pass, so it seldom writes.
    """
    with database.read() as session:
        if journals.is_in_step(session, journal):
            return ""
    with database.write() as session:
        why = REFUSALS[journals.lag(session, journal, now.date())]
        away = {number: file for number, file in journals.known(session, journal).items() if not file.path.exists()}
    missing, lost = ", ".join(file.path.name for file in away.values()), " ".join(f"--lost {each:08x}" for each in away)
    return why.format(missing=missing, lost=lost)


def beat(database: Database, journal: Journal, now: datetime) -> bool:
    """Note that the database lives: a copy from before this is known as one. Whether that is on the disk now."""
    with database.write() as session:
        beat = journals.next_beat(session, journal, now.date())
    return beat is not None and journals.note_beat(beat)


def note_suppressed(database: Database, journal: Journal, now: datetime) -> None:
    """Note whose addresses bounced or came suppressed with an import: a copy from before would write to them again."""
    with database.read() as session:
        goes_on = journals.is_anybody_to_note(session)
    while goes_on:
        with database.write() as session:
            goes_on = journals.note_suppressed(session, journal, now.date())
