"""The tables of the issues room. Times are aware and in UTC (see `newsletter.db`)."""

import enum
from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, DateTime, Enum, ForeignKey, Index, LargeBinary, MetaData, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

WORD = Enum(
    enum.StrEnum,
    native_enum=False,
    length=16,
    create_constraint=False,
    values_callable=lambda kind: [word.value for word in kind],
)
"""States are stored as their word, without a database type or constraint: a new word needs no migration."""

NAMES = {
    "ix": "%(table_name)s_%(column_0_N_name)s_index",
    "uq": "%(table_name)s_%(column_0_N_name)s_unique",
    "fk": "%(table_name)s_%(column_0_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}
"""Every constraint has a name on both databases, so that a migration can name it."""


class Base(DeclarativeBase):
    """The issues room's own metadata."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        enum.StrEnum: WORD,
        dict[str, str]: JSON,
        list[str]: JSON,
    }


class SourceKind(enum.StrEnum):
    """How a source is read."""

    WORDPRESS = "wordpress"
    RSS = "rss"
    FILE = "file"


class PassageKind(enum.StrEnum):
    """What can stand in an issue. A section passage heads those that follow it."""

    OPENING = "opening"
    SECTION = "section"
    RESOURCE = "resource"
    NOTE = "note"
    BUTTON = "button"
    EVENT = "event"
    HOTLINE = "hotline"
    CLOSING = "closing"


class Fallback(enum.StrEnum):
    """What a reader gets where a text is not in their language."""

    LABEL = "label"
    OMIT = "omit"


class Source(Base):
    """A place that resources come from, and what a conditional request to it needs."""

    __tablename__ = "source"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[SourceKind]
    url: Mapped[str] = mapped_column(Text, unique=True)
    language: Mapped[str | None] = mapped_column(String(35))
    """For entries that name no language of their own."""
    etag: Mapped[str | None] = mapped_column(Text)
    last_modified: Mapped[str | None] = mapped_column(Text)
    modified_until: Mapped[datetime | None]
    """The newest `modified` seen: WordPress is asked for what came after it."""
    imported_at: Mapped[datetime | None]
    failure: Mapped[str | None] = mapped_column(Text)
    """Why the last import of this source failed, or nothing."""


class Resource(Base):
    """Something worth sharing; one text per language, each with its own link."""

    __tablename__ = "resource"
    __table_args__ = (Index("resource_by_day", "dismissed_at", "published_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32), default="article")
    published_at: Mapped[datetime]
    dismissed_at: Mapped[datetime | None]
    texts: Mapped[list["ResourceText"]] = relationship(
        back_populates="resource", cascade="all, delete-orphan", order_by="ResourceText.id"
    )


class ResourceText(Base):
    """A resource in one language, as its source gave it."""

    __tablename__ = "resource_text"
    __table_args__ = (
        UniqueConstraint("source_id", "guid"),
        Index("resource_text_by_language", "resource_id", "language"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id", ondelete="CASCADE"))
    source_id: Mapped[int | None] = mapped_column(ForeignKey("source.id", ondelete="SET NULL"))
    guid: Mapped[str] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(String(35))
    """Nothing where the source named none: flagged, and never placed by itself."""
    given_language: Mapped[str | None] = mapped_column(String(35))
    """What the source said last: a person's correction of `language` stands until the source says something else."""
    title: Mapped[str] = mapped_column(Text, default="")
    summary: Mapped[str] = mapped_column(Text, default="")
    """Markdown, made from sanitised HTML."""
    link: Mapped[str] = mapped_column(Text, default="")
    image: Mapped[str] = mapped_column(Text, default="")
    alt: Mapped[str] = mapped_column(Text, default="")
    pair_key: Mapped[str | None] = mapped_column(Text, index=True)
    """The same key within one source means: the same text in other languages. As the source said last, so that
    what a person paired or parted stays until the source says something else."""
    changed_at: Mapped[datetime]
    given_words: Mapped[str | None] = mapped_column(String(64))
    """Where a person rewrote it, the digest of what the source said last: no import changes their words any more."""
    resource: Mapped[Resource] = relationship(back_populates="texts")


class KeptApart(Base):
    """Two resources that a person said are not one text: they are not proposed to be paired again."""

    __tablename__ = "kept_apart"

    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id", ondelete="CASCADE"), primary_key=True)
    other_id: Mapped[int] = mapped_column(ForeignKey("resource.id", ondelete="CASCADE"), primary_key=True, index=True)
    """The larger number of the two."""


class Picture(Base):
    """A picture in two sizes, as mails show it. Never changed and never deleted: sent mails name it for years."""

    __tablename__ = "picture"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    """The first half of the SHA-256, in hex, of the large one."""
    format: Mapped[str] = mapped_column(String(4))
    """`jpg` or `png`."""
    width: Mapped[int]
    height: Mapped[int]
    """In pixels, of the large one."""
    small_width: Mapped[int]
    large: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    small: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    added_at: Mapped[datetime]

    @property
    def file(self) -> str:
        """What the large one is called in an address."""
        return f"{self.name}-{self.width}.{self.format}"

    @property
    def small_file(self) -> str:
        return f"{self.name}-{self.small_width}.{self.format}"


class Issue(Base):
    """One month's newsletter: an ordered list of passages, each with a wording per language."""

    __tablename__ = "issue"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(64), unique=True)
    month: Mapped[date]
    languages: Mapped[list[str]]
    """The first is the source language."""
    fallback: Mapped[Fallback] = mapped_column(default=Fallback.LABEL)
    revision: Mapped[int] = mapped_column(default=1)
    """Counts every change of a text or of the order; an exported file carries it."""
    covers_until: Mapped[datetime]
    """Resources published up to here were offered; the next issue starts here."""
    created_at: Mapped[datetime]
    passages: Mapped[list["Passage"]] = relationship(
        back_populates="issue", cascade="all, delete-orphan", order_by="Passage.position"
    )

    @property
    def source_language(self) -> str:
        return self.languages[0]


class Passage(Base):
    """Anything in an issue that is worded per language."""

    __tablename__ = "passage"
    __table_args__ = (UniqueConstraint("issue_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(64))
    """Names the passage in the issue file; a resource's is its number."""
    kind: Mapped[PassageKind]
    position: Mapped[int]
    resource_id: Mapped[int | None] = mapped_column(ForeignKey("resource.id", ondelete="SET NULL"), index=True)
    every_month: Mapped[bool] = mapped_column(default=False)
    """Copied into each new draft."""
    picture_name: Mapped[str | None] = mapped_column(ForeignKey("picture.name"))
    """One picture for all languages; what it shows is said in each (the field `alt`)."""
    issue: Mapped[Issue] = relationship(back_populates="passages")
    resource: Mapped[Resource | None] = relationship()
    picture: Mapped[Picture | None] = relationship(lazy="joined")
    wordings: Mapped[list["Wording"]] = relationship(
        back_populates="passage", cascade="all, delete-orphan", order_by="Wording.id"
    )

    def wording(self, language: str) -> "Wording | None":
        """This passage's wording in `language`, or nothing."""
        return next((w for w in self.wordings if w.language == language), None)


class Wording(Base):
    """A passage in one language. Its state (missing, draft, stale, approved) is derived: see `matrix`."""

    __tablename__ = "wording"
    __table_args__ = (UniqueConstraint("passage_id", "language"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    passage_id: Mapped[int] = mapped_column(ForeignKey("passage.id", ondelete="CASCADE"))
    language: Mapped[str] = mapped_column(String(35))
    fields: Mapped[dict[str, str]] = mapped_column(default=dict)
    """Field name to text, by the passage's kind: see `issues.fields`. Replace it whole, never in place."""
    source_digest: Mapped[str | None] = mapped_column(String(64))
    """The digest of the source-language fields that this translation was made from or found true to."""
    approved_by: Mapped[str | None] = mapped_column(Text)
    approved_at: Mapped[datetime | None]
    revision: Mapped[int]
    """The issue's revision in which this wording last changed."""
    passage: Mapped[Passage] = relationship(back_populates="wordings")


class Edit(Base):
    """The append-only history of an issue: each change of a wording, an approval, or the order."""

    __tablename__ = "edit"

    id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id", ondelete="CASCADE"), index=True)
    revision: Mapped[int]
    what: Mapped[str] = mapped_column(String(16))
    """text, small-edit, approval, withdrawal (of an approval), order, removal (of a passage)."""
    passage_key: Mapped[str] = mapped_column(String(64), default="")
    language: Mapped[str] = mapped_column(String(35), default="")
    fields: Mapped[dict[str, str]] = mapped_column(default=dict)
    """The fields after the change; for an order, what `issues.history.Frame` holds, one a line."""
    by: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]


class Waiver(Base):
    """Somebody's word that an issue may go although a check blocks it."""

    __tablename__ = "waiver"
    __table_args__ = (UniqueConstraint("issue_id", "check", "language"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id", ondelete="CASCADE"))
    check: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(35), default="")
    """Empty: in every language."""
    reason: Mapped[str | None] = mapped_column(Text)
    """In the words of whoever waived it; nothing where the command did."""
    by: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]


class LinkAnswer(Base):
    """What a link answered when it was last tried."""

    __tablename__ = "link_answer"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of the address, which may be longer than an index takes."""
    url: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(16))
    """An HTTP status like `404`, or a word of `issues.checks.links` where there was none."""
    tried_at: Mapped[datetime]


class Edition(Base):
    """An issue in one language, rendered and frozen: never updated, never deleted while a mailing names it."""

    __tablename__ = "edition"
    __table_args__ = (UniqueConstraint("issue_id", "language", "digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id", ondelete="RESTRICT"))
    language: Mapped[str] = mapped_column(String(35))
    subject: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 over subject, HTML and text."""
    frozen_at: Mapped[datetime]
