"""The sender: takes what is due, hands finished messages to a transport, and keeps the books with the ledger.

This is the only place where people, editions and a way out meet; docs/sending.md tells a message's way.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import structlog
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from issues.models import Edition, Issue
from newsletter import journaling
from newsletter.db import Database
from newsletter.delivery import generation, ledger, pacing, planning, waiting
from newsletter.delivery.inspection import UnsafeMessage
from newsletter.delivery.ledger import Ledger
from newsletter.delivery.message import CompiledEdition, Letterhead, Reader
from newsletter.delivery.models import Generation, Mailing, MailingState
from newsletter.delivery.pacing import Gate
from newsletter.delivery.statements import Claim
from newsletter.mail import Later, Message, SendError, Transport
from newsletter.mime.headers import HeaderError
from newsletter.pace import Pace
from subscribers import tokens
from subscribers.addresses import kept_envelope
from subscribers.errors import BadAddress, SubscriberError
from subscribers.journal import Journal
from subscribers.vault import Vault

_BATCH = 500
_LONGEST_WAIT = timedelta(seconds=5)
"""For the pace, with lines held open; for longer, the next beat of the job tries again."""
_LOOK = timedelta(seconds=2)
"""Between two looks whether a single mail needs a line."""
_NOBODY = Claim(0, 0, 0, 0, b"", b"", None, plain_text=False)
"""For trying an edition out."""
_UNMARKED = (
    "The journal of who left, beside the keys, cannot be written, so nobody more is written to: free space on its "
    "disk, or let this user write it."
)
log = structlog.get_logger()


@dataclass(frozen=True)
class Office:
    """Everything the sender works with, built once by `newsletter.wiring`."""

    database: Database
    vault: Vault
    letterhead: Letterhead
    base_url: str
    lock_folder: Path
    clock: Callable[[], datetime]
    journal: Journal
    pace: Pace | None = None
    """How fast mailings may go; nothing where nobody said."""
    makes_room: Callable[[Session, datetime], bool] = lambda _session, _now: False
    """Whether a single mail was turned away, so that mailings leave it the lines for a moment."""


class Stopping(Protocol):
    """Says when it is time to stop; an Event does."""

    def is_set(self) -> bool: ...


def send_due(office: Office, transport: Transport, stopping: Stopping) -> None:
    """Open what is due and send all that can be sent now. Any number of processes may do this at once."""
    mailings: list[int] = []
    open_due(office, lambda _, found: mailings.extend(found))
    for mailing in mailings:
        run(office, transport, mailing, stopping)


def open_due(office: Office, call: Callable[[Session, list[int]], None]) -> None:
    """Settle what processes that died had in hand, and open what is due.

    `call` gets every mailing that is open, in the transaction that opens the new ones: whom it calls is to `run` them.
    """
    due = (Mailing.state == MailingState.SCHEDULED) & (Mailing.due_at <= office.clock())
    if _is_any(office, Generation, Generation.ended_at.is_(None)):
        with generation.living(office.database.engine, office.lock_folder, office.clock()) as lease:
            ledger.bury_the_dead(lease, office.clock())
            lease.end(office.clock())
    if _is_any(office, Mailing, due | (Mailing.state == MailingState.SENDING)) and _may_send(office):
        with office.database.write() as session:
            planning.open_due(session, office.clock())
            waiting.shorten(session, office.clock())
            call(session, planning.open_mailings(session))


def run(office: Office, transport: Transport, mailing: int, stopping: Stopping) -> None:
    """Send from an open mailing until nobody is left who can be written to now, or it is time to stop.

    Any number of processes may do this at once, and as often as they like: the ledger says who writes to whom.
    """
    with office.database.read() as session:
        deadline = session.scalar(
            select(Mailing.deadline).where(Mailing.id == mailing, Mailing.state == MailingState.SENDING)
        )
        now = office.clock()
        held_back = office.makes_room(session, now) or pacing.outlook(session, office.pace, now)
        is_anyone_due = planning.is_anyone_due(session, mailing, now)
        all_wait = not is_anyone_due and planning.is_anyone_left(session, mailing)  # asked often, so it must not write
    if deadline is None or held_back or all_wait or not _may_send(office):
        return
    with generation.living(office.database.engine, office.lock_folder, office.clock()) as lease:
        _send(office, mailing, Ledger(lease, mailing, deadline, office.clock), transport, stopping)
        lease.end(office.clock())
    journaling.note_suppressed(office.database, office.journal, office.clock())
    journaling.beat(office.database, office.journal, office.clock())  # a copy from before must not send it once more


def compile_edition(edition: Edition, campaign: str, letterhead: Letterhead) -> CompiledEdition:
    """A frozen edition, ready to be addressed."""
    return CompiledEdition(
        letterhead=letterhead,
        subject=edition.subject,
        language=edition.language,
        html=edition.html,
        text=edition.text,
        campaign=campaign,
    )


def unsubscribe_url(base_url: str, vault: Vault, subscriber: int) -> str:
    """The address in a mail that can only leave; it holds for years."""
    return f"{base_url}/u/{tokens.make(vault, tokens.Purpose.LEAVE, subscriber)}"


def _may_send(office: Office) -> bool:
    refusal = journaling.refusal(office.database, office.journal, office.clock())
    if refusal:
        log.warning("nothing is sent", why=refusal)
    return not refusal


def _is_any(office: Office, table: type[Generation | Mailing], which: ColumnElement[bool]) -> bool:
    """Asked every few seconds, so it must not write."""
    with office.database.read() as session:
        return session.scalar(select(table.id).where(which).limit(1)) is not None


def _send(office: Office, mailing: int, books: Ledger, transport: Transport, stopping: Stopping) -> None:
    gate = Gate(office.database, office.pace, office.clock)
    try:
        mailroom = _Mailroom(office, mailing, books, gate, stopping)
        transport.run(mailroom.take, books.barrier)
        _note(office, mailing, "")
    except (SendError, HeaderError, UnsafeMessage) as error:
        log.warning("mailing does not go on", mailing=mailing, why=str(error), permanent=error.permanent)
        _note(office, mailing, str(error), pause=error.permanent)
    finally:
        books.give_back()
        gate.close()
    if books.finish():
        log.info("mailing finished", mailing=mailing)


def _note(office: Office, mailing: int, note: str, *, pause: bool = False) -> None:
    """What a person should know about a mailing that does not go on; nothing once it does."""
    sending = update(Mailing).where(Mailing.id == mailing, Mailing.state == MailingState.SENDING)
    with office.database.write() as session:
        session.execute(sending.values(note=note, state=MailingState.PAUSED if pause else MailingState.SENDING))


class _Mailroom:
    """Turns claims into finished messages, one after the other."""

    def __init__(self, office: Office, mailing: int, books: Ledger, gate: Gate, stopping: Stopping) -> None:
        self._office = office
        self._books = books
        self._gate = gate
        self._stopping = stopping
        self._vault = office.vault
        self._from = office.letterhead.address
        self._claims: deque[Claim] = deque()
        self._editions = _compiled(office, mailing)
        self._looked_at = office.clock()
        self._hash_domain = lru_cache(1000)(office.vault.hash_domain)

    def take(self) -> Message | Later | None:
        """The next message, or when the pace has one; nothing where nobody is due, or it is time to stop."""
        while self._books.is_open and not self._stopping.is_set() and not self._makes_room():
            if not self._claims:
                self._claim()
            if not self._claims:
                return None
            if wait := self._gate.wait(len(self._claims)):
                return Later(wait.total_seconds()) if wait <= _LONGEST_WAIT else None
            claim = self._claims.popleft()
            try:
                if message := self._compose(claim):
                    self._gate.use()
                    return message
            except (BadAddress, HeaderError, UnsafeMessage) as error:
                self._give_up(claim, error)
            except SubscriberError as error:  # a wrong key file would take everyone with it
                self._give_up(claim, error)
                raise SendError(f"{error} Look at the keys, then resume.", permanent=True) from None
        return None

    def _claim(self) -> None:
        """Who is due. By the mark, which stands in the journal before any of them departs, a copy of the database in
        which those before them still wait is known as older."""
        self._books.give_time(planning.TRYING)
        claims = self._books.claim(_BATCH)
        if claims and not journaling.beat(self._office.database, self._office.journal, self._office.clock()):
            raise SendError(_UNMARKED, permanent=False)
        self._claims.extend(claims)

    def _makes_room(self) -> bool:
        """Whether a single mail has no line, so that this run ends; asked now and then."""
        now = self._office.clock()
        if abs(now - self._looked_at) < _LOOK:  # also where the clock was set back
            return False
        self._looked_at = now
        with self._office.database.read() as session:
            return self._office.makes_room(session, now)

    def _give_up(self, claim: Claim, error: Exception) -> None:
        log.error("message could not be made", delivery=claim.delivery, why=str(error))
        self._books.give_up(claim.delivery, str(error))

    def _compose(self, claim: Claim) -> Message | None:
        """Their message; nothing where their mail domain has to wait."""
        recipient = kept_envelope(self._vault.open_address(claim.sealed_address, claim.address_hash))
        name = self._vault.open_name(claim.sealed_name, claim.address_hash) if claim.sealed_name else ""
        if not self._books.may_go(claim.delivery, self._hash_domain(recipient.rpartition("@")[2])):
            return None
        reader = _reader(self._office, recipient, name, claim, self._looked_at)
        data = self._editions[claim.edition].message(reader)
        return Message(claim.delivery, self._from, recipient, data)


def _reader(office: Office, address: str, name: str, claim: Claim, date: datetime) -> Reader:
    return Reader(
        address,
        name,
        unsubscribe_url(office.base_url, office.vault, claim.subscriber),
        office.vault.row_mark("delivery", claim.delivery),
        date,
        claim.plain_text,
    )


def _compiled(office: Office, mailing: int) -> dict[int, CompiledEdition]:
    """The mailing's editions by number, each tried out on a made-up reader: a wrong setting must stop all, not each."""
    with office.database.read() as session:
        slug = session.scalars(
            select(Issue.slug).join(Mailing, Mailing.issue_id == Issue.id).where(Mailing.id == mailing)
        )
        campaign = slug.one()
        editions = planning.mailing_editions(session, mailing).values()
        found = session.scalars(select(Edition).where(Edition.id.in_(list(editions))))
        compiled = {edition.id: compile_edition(edition, campaign, office.letterhead) for edition in found}
    for edition in compiled.values():
        edition.message(_reader(office, "reader@example.org", "", _NOBODY, office.clock()))
    return compiled
