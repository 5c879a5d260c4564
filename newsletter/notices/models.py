"""The outbox: one row for a mail that has not left yet; the row goes when the mail is gone."""

import enum
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import DateTime, LargeBinary, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from newsletter.db import NAMES, WORD


class Base(DeclarativeBase):
    """The notices' own metadata."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: DateTime(timezone=True), enum.StrEnum: WORD}


class Notice(Base):
    """One mail to one person."""

    __tablename__ = "notice"

    id: Mapped[int] = mapped_column(primary_key=True)
    address_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    sealed_address: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_values: Mapped[bytes] = mapped_column(LargeBinary)
    """What the template is filled with, as JSON; sealed, since it may hold a link that opens a door."""
    template: Mapped[str] = mapped_column(String(40))
    """A folder of templates/email/notices, or a form that `answers` turns into one when the mail is written."""
    language: Mapped[str] = mapped_column(String(35))
    created_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[datetime] = mapped_column(index=True)
    """Not before: moved on when a try begins, so that no other process takes it, and a failed one comes again."""
    turned_away_at: Mapped[datetime | None]
    """When the server had no line for it: mailings make room then."""
