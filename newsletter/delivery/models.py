"""The tables of the sender: mailings, one delivery per person, every attempt."""

import enum
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, DateTime, ForeignKey, Index, LargeBinary, MetaData, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from issues.models import Edition, Issue
from newsletter.db import NAMES, WORD
from subscribers.models import Subscriber


class Base(DeclarativeBase):
    """The shell's own metadata. Links into the rooms are given as Column objects: names resolve only within one."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: DateTime(timezone=True), enum.StrEnum: WORD}


class MailingState(enum.StrEnum):
    """Where a mailing stands: see docs/sending.md."""

    SCHEDULED = "scheduled"
    HELD = "held"
    """Due so late that it asks instead of mailing stale facts."""
    SENDING = "sending"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    FINISHED = "finished"


class State(enum.StrEnum):
    """Of a delivery. The last five are the outcomes: each person ends as exactly one."""

    PENDING = "pending"
    CLAIMED = "claimed"
    ATTEMPTING = "attempting"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    GIVEN_UP = "given up"
    SKIPPED = "skipped"
    IN_DOUBT = "in doubt"


UNSETTLED = (State.PENDING, State.CLAIMED, State.ATTEMPTING)
OUTCOMES = (State.ACCEPTED, State.REFUSED, State.GIVEN_UP, State.SKIPPED, State.IN_DOUBT)


class Mailing(Base):
    """One send of one issue to one audience."""

    __tablename__ = "mailing"

    id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey(Issue.__table__.c.id, ondelete="RESTRICT"), index=True)
    state: Mapped[MailingState] = mapped_column(index=True)
    due_at: Mapped[datetime]
    zone: Mapped[str] = mapped_column(String(64))
    """The zone `due_at` was entered in, for showing it again."""
    not_later_than: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    deadline: Mapped[datetime | None]
    """Until when people whose servers say "later" are tried again; set by opening, resuming and sending again."""
    finished_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(Text, default="")
    """Why it is held or paused, in one sentence."""
    audience: Mapped[str] = mapped_column(Text, default="everyone", server_default="everyone")
    """Whom it is for, in the grammar of `subscribers.grammar`."""
    resumed_after: Mapped[int] = mapped_column(default=0, server_default="0")
    """The last try before somebody resumed it, who knows what servers had said by then; 0 where nobody did."""


class MailingEdition(Base):
    """Which frozen edition readers of a language get in a mailing."""

    __tablename__ = "mailing_edition"

    mailing_id: Mapped[int] = mapped_column(ForeignKey("mailing.id", ondelete="CASCADE"), primary_key=True)
    language: Mapped[str] = mapped_column(String(35), primary_key=True)
    position: Mapped[int]
    """The first edition is for readers who named no language that there is."""
    edition_id: Mapped[int] = mapped_column(ForeignKey(Edition.__table__.c.id, ondelete="RESTRICT"))


class Delivery(Base):
    """A mailing's row for one person. Erasing the person keeps the row, and the books."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("subscriber_id", "mailing_id"),  # in this order it also finds who is to be erased
        Index("delivery_by_state", "mailing_id", "state", "retry_at", "edition_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    mailing_id: Mapped[int] = mapped_column(ForeignKey("mailing.id", ondelete="CASCADE"))
    subscriber_id: Mapped[int | None] = mapped_column(ForeignKey(Subscriber.__table__.c.id, ondelete="SET NULL"))
    edition_id: Mapped[int] = mapped_column(ForeignKey(Edition.__table__.c.id, ondelete="RESTRICT"))
    state: Mapped[State] = mapped_column(default=State.PENDING)
    generation_id: Mapped[int | None] = mapped_column(ForeignKey("generation.id"))
    """Which sender process holds it, while claimed or attempting."""
    tries: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(Text, default="")
    """The last reply, without addresses, or why it was skipped."""
    settled: Mapped[str] = mapped_column(String(16), default="")
    """How a doubt was settled: left, sent again, or by its events."""


class Attempt(Base):
    """One try, kept with the server's words: append-only."""

    __tablename__ = "attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("delivery.id", ondelete="CASCADE"), index=True)
    generation_id: Mapped[int] = mapped_column(ForeignKey("generation.id"))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    code: Mapped[int | None]
    """The SMTP reply code; nothing where there was no reply."""
    text: Mapped[str] = mapped_column(Text, default="")


class DaybookLine(Base):
    """What one commit of a sender says, until it is posted to the deliveries and attempts (see `daybook`)."""

    __tablename__ = "daybook_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    generation_id: Mapped[int] = mapped_column(ForeignKey("generation.id"))
    written_at: Mapped[datetime]
    departed: Mapped[list[int]] = mapped_column(JSON)
    """Deliveries, from now on attempting."""
    accepted: Mapped[list[list[Any]]] = mapped_column(JSON)
    """Replies that said yes, to what departed before."""


class WaitingDomain(Base):
    """A recipient domain that turned our mail away: while its wait lasts, nobody there is written to."""

    __tablename__ = "waiting_domain"

    mailing_id: Mapped[int] = mapped_column(ForeignKey("mailing.id", ondelete="CASCADE"), primary_key=True)
    domain_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    """Keyed; no hash of an address can be the same."""
    until: Mapped[datetime]
    tries: Mapped[int]
    """Waits so far, each twice as long as the last."""
    people: Mapped[int]
    """Who was turned away there at their first try."""
    seen: Mapped[bool]
    """Somebody resumed the mailing since: the domain is not counted again."""


class PaceTurn(Base):
    """When the next message may leave: one row, locked by whoever takes permits."""

    __tablename__ = "pace_turn"

    id: Mapped[int] = mapped_column(primary_key=True)
    next_at: Mapped[datetime]


class PaceMinute(Base):
    """How many permits were taken within a minute; kept for a day."""

    __tablename__ = "pace_minute"

    begins: Mapped[datetime] = mapped_column(primary_key=True)
    taken: Mapped[int]


class Generation(Base):
    """One life of a sender process. It is dead when the lock it holds is free, never because a clock says so."""

    __tablename__ = "generation"

    id: Mapped[int] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
