"""The desk's tables. A member's address is sealed like a reader's; their name signs what they write and is not."""

import enum
from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import DateTime, ForeignKey, LargeBinary, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from newsletter.db import NAMES, WORD


class Base(DeclarativeBase):
    """The desk's own metadata."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: DateTime(timezone=True), enum.StrEnum: WORD}


class Role(enum.StrEnum):
    """What a member may do; `newsletter.web.access` says which pages that means."""

    OWNER = "owner"
    EDITOR = "editor"
    TRANSLATOR = "translator"
    LIST_KEEPER = "list keeper"


class Member(Base):
    """Someone who works here."""

    __tablename__ = "member"

    id: Mapped[int] = mapped_column(primary_key=True)
    address_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    sealed_address: Mapped[bytes] = mapped_column(LargeBinary)
    name: Mapped[str] = mapped_column(Text)
    role: Mapped[Role]
    languages: Mapped[str] = mapped_column(String(200), default="")
    """A translator's, parted by commas: only texts in these may be changed."""
    password: Mapped[str | None] = mapped_column(Text)
    """An argon2 hash; nothing for who signs in by passkey alone."""
    joined_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    """Since when they may no longer sign in; what they wrote keeps their name."""


class Passkey(Base):
    """A way to sign in without a password (WebAuthn)."""

    __tablename__ = "passkey"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    credential: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    signatures: Mapped[int] = mapped_column(default=0)
    """The authenticator's counter: one that goes back was copied."""
    name: Mapped[str] = mapped_column(Text)
    added_at: Mapped[datetime]


class DeskSession(Base):
    """A browser that is signed in. The cookie holds the token, this row only its hash."""

    __tablename__ = "desk_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    browser: Mapped[str] = mapped_column(String(60))
    """`Firefox on Windows`: enough to know it again."""
    began_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class Invitation(Base):
    """A link that makes a member or a new password, once: printed for the first owner, mailed to others."""

    __tablename__ = "invitation"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    role: Mapped[Role]
    languages: Mapped[str] = mapped_column(String(200), default="")
    invited_by: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    """Whose new password the link is for; nothing where it makes a new member."""
    ends_at: Mapped[datetime]


class Deed(Base):
    """What somebody did that others should be able to look up: append-only."""

    __tablename__ = "deed"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))
    what: Mapped[str] = mapped_column(String(40))
    about: Mapped[str] = mapped_column(Text, default="")
    """A number or a name of ours, never an address."""


class DraftDay(Base):
    """A day on which the draft was made by itself, or was found not to be needed: each day counts once."""

    __tablename__ = "draft_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    """In the newsletter's zone."""
    at: Mapped[datetime]


class Habit(Base):
    """A setting that belongs to the newsletter and not to the machine: it is changed in the browser."""

    __tablename__ = "habit"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
    """As it was entered and checked: see `newsletter.desk.habits`."""
