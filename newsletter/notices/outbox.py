"""The outbox: what is queued goes with the deed's own transaction, and leaves soon after it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from threading import Event

import structlog
from jinja2 import TemplateError
from sqlalchemy import ColumnElement, delete, func, or_, select, true
from sqlalchemy.orm import Session

from newsletter import journaling
from newsletter.db import Database
from newsletter.mail import Message, Reply, SendError, Transport
from newsletter.mime.headers import HeaderError
from newsletter.notices import answers, letters
from newsletter.notices.answers import Words
from newsletter.notices.letters import Letter
from newsletter.notices.models import Notice
from subscribers import addresses
from subscribers.errors import SubscriberError
from subscribers.journal import Journal
from subscribers.vault import Vault

GIVEN_UP = timedelta(days=2)
"""A mail that cannot leave for so long is not waited for any more."""
_SOON = timedelta(seconds=3)
"""After which a mail is tried again that the server had no line for; twice as long each time, up to..."""
_LATEST = timedelta(minutes=5)
_ROOM_FOR = timedelta(seconds=15)
"""... and for so long after it was turned away, mailings leave it the lines."""
_LONGEST = timedelta(hours=1)
"""Between two tries of a mail that the server did not take."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Postroom:
    """What notices are sent with, built once by `newsletter.wiring`."""

    database: Database
    vault: Vault
    sender: str
    """`Name <address>`."""
    reply_to: str
    clock: Callable[[], datetime]
    journal: Journal
    count: Callable[[Session, int, datetime], None] | None = None
    """Told how many mails leave, where mailings keep a pace."""


def queue(
    session: Session,
    vault: Vault,
    address: str,
    template: str,
    values: Mapping[str, str],
    now: datetime,
    *,
    language: str = "en",
) -> None:
    """Write a mail down within the caller's transaction. Raises BadAddress.

    `template` is a folder of templates/email/notices, or a form of `answers`; `values` fill it and hold no address.
    """
    known = addresses.normal(address)
    address_hash = vault.hash(known)
    session.add(
        Notice(
            address_hash=address_hash,
            sealed_address=vault.seal_address(known.text, address_hash),
            sealed_values=vault.seal_text(json.dumps(dict(values)), address_hash),
            template=template,
            language=language,
            created_at=now,
            retry_at=now,
        )
    )


def waiting(session: Session) -> tuple[int, datetime | None]:
    """How many mails wait, and since when the oldest does."""
    count, oldest = session.execute(select(func.count(), func.min(Notice.created_at))).one()
    return count, oldest


def send_waiting(postroom: Postroom, transport: Transport, stopping: Event) -> None:
    """Send what waits, at least once each; any number of processes may do this at once."""
    with postroom.database.read() as session:
        if session.scalar(select(Notice.id).where(_is_due(postroom.clock())).limit(1)) is None:
            return
    refusal = journaling.refusal(postroom.database, postroom.journal, postroom.clock())
    which = Notice.template.in_(answers.FORMS) if refusal else true()  # who asks gets an answer all the same
    round_ = _Round(postroom, which, stopping)
    try:
        transport.run(round_.take, round_.barrier)
    except SendError as error:
        log.warning("notices wait", why=str(error))
        if not error.permanent:
            round_.turn_away()


def is_turned_away(session: Session, now: datetime) -> bool:
    """Whether a mail found no line to the server a moment ago, perhaps because a mailing has them all."""
    lately = Notice.turned_away_at.between(now - _ROOM_FOR, now + _ROOM_FOR)
    return session.scalar(select(Notice.id).where(lately).limit(1)) is not None


def _is_due(now: datetime) -> ColumnElement[bool]:
    """A time further ahead than any wait was written by a clock that went wrong."""
    return or_(Notice.retry_at <= now, Notice.retry_at > now + 2 * _LONGEST)


class _Round:
    """One going through the outbox. What is not answered for comes again by itself: its `retry_at` says when."""

    def __init__(self, postroom: Postroom, which: ColumnElement[bool], stopping: Event) -> None:
        self._postroom = postroom
        self._which = which
        self._stopping = stopping
        self._unsaid: set[int] = set()
        """Taken, and not a word from the server about them."""

    def take(self) -> Message | None:
        """The next finished mail. What cannot be made comes again (keys may be mended); no other waits for it."""
        while not self._stopping.is_set() and (notice := self._claim()):
            try:
                if message := self._compose(notice):
                    self._unsaid.add(notice.id)
                    return message
                self._forget(notice.id)
            except (SubscriberError, HeaderError, TemplateError, ValueError) as error:
                log.error("notice could not be made", notice=notice.id, why=type(error).__name__)
        return None

    def barrier(self, replies: Sequence[Reply], departing: Sequence[int]) -> frozenset[int]:
        """Forget what was accepted, or refused for good; the doubt is on the side of a second copy."""
        self._unsaid.difference_update(departing, (reply.delivery for reply in replies))
        for reply in replies:
            if reply.refused:
                log.warning("notice refused", notice=reply.delivery, code=reply.code)
            if reply.accepted or reply.refused:
                self._forget(reply.delivery)
        if departing and self._postroom.count:
            with self._postroom.database.write() as session:
                self._postroom.count(session, len(departing), self._postroom.clock())
        return frozenset(departing)

    def turn_away(self) -> None:
        """What was taken and never left is tried again in seconds: the way out was taken, or shut for a moment."""
        now = self._postroom.clock()
        with self._postroom.database.write() as session:
            for notice in session.scalars(select(Notice).where(Notice.id.in_(self._unsaid))):
                notice.turned_away_at = now
                notice.retry_at = now + min(_SOON * 2 ** min(notice.tries - 1, 10), _LATEST)

    def _claim(self) -> Notice | None:
        now = self._postroom.clock()
        due = select(Notice).where(_is_due(now), self._which).order_by(Notice.id).limit(1)
        with self._postroom.database.write() as session:
            given_up = delete(Notice).where(Notice.created_at <= now - GIVEN_UP).returning(Notice.id)
            for number in session.scalars(given_up):
                log.warning("notice given up", notice=number)
            notice = session.scalars(due.with_for_update(skip_locked=True)).first()
            if notice:
                notice.tries += 1
                notice.retry_at = now + min(timedelta(minutes=2 ** min(notice.tries, 10)), _LONGEST)
            return notice

    def _compose(self, notice: Notice) -> Message | None:
        """The finished mail; nothing where it turns out that none is due."""
        vault, sender = self._postroom.vault, self._postroom.sender
        words = self._words(notice, json.loads(vault.open_text(notice.sealed_values, notice.address_hash)))
        if words is None:
            return None
        recipient = addresses.envelope(addresses.normal(vault.open_address(notice.sealed_address, notice.address_hash)))
        letter = Letter(
            address=recipient,
            template=words.template,
            language=notice.language,
            values=words.values,
            mark=vault.row_mark("notice", notice.id),
            date=notice.created_at,
        )
        data = letters.message(letter, sender, self._postroom.reply_to)
        return Message(notice.id, parseaddr(sender)[1], recipient, data)

    def _words(self, notice: Notice, values: dict[str, str]) -> Words | None:
        if notice.template not in answers.FORMS:
            return Words(notice.template, values)
        with self._postroom.database.write() as session:
            return answers.answer(session, self._postroom.vault, notice, values)

    def _forget(self, number: int) -> None:
        with self._postroom.database.write() as session:
            session.execute(delete(Notice).where(Notice.id == number))
