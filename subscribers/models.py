"""The tables of the subscribers room. Nothing here names a reader to someone without the keys."""

import enum
from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    Date,
    DateTime,
    Enum,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
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
    """The subscribers room's own metadata."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: DateTime(timezone=True), enum.StrEnum: WORD}


class State(enum.StrEnum):
    """Subscribed, in a pause of their own, or left (and erased a day later). Who has not confirmed is a SignUp."""

    SUBSCRIBED = "subscribed"
    PAUSED = "paused"
    LEFT = "left"


class Subscriber(Base):
    """A person, sealed: address and name can be opened only by a `Vault`."""

    __tablename__ = "subscriber"
    __table_args__ = (Index("subscriber_by_state", "state", "languages"), {"sqlite_autoincrement": True})
    """A number is never given twice, on SQLite too: the old link of someone erased must not fit a newcomer."""

    id: Mapped[int] = mapped_column(primary_key=True)
    address_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    """Keyed hash of the normalised address: for look-up, uniqueness and suppression."""
    sealed_address: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_name: Mapped[bytes | None] = mapped_column(LargeBinary)
    languages: Mapped[str] = mapped_column(String(200), default="")
    """Tags in order of preference, parted by commas; empty: none named."""
    state: Mapped[State]
    left_at: Mapped[datetime | None]
    plain_text: Mapped[bool] = mapped_column(default=False, server_default=false())
    """They want the newsletter without HTML."""
    paused_until: Mapped[date | None] = mapped_column(Date)
    """The day on which a pause ends; nothing where there is none."""
    off_by_import: Mapped[int | None] = mapped_column(ForeignKey("import.id"))
    """Which import took them off the list, since they had left elsewhere; nothing where they left here themselves."""
    consents: Mapped[list["Consent"]] = relationship(
        back_populates="subscriber", cascade="all, delete-orphan", order_by="Consent.id"
    )


class SignUp(Base):
    """An address that somebody typed into the form: on no list until its owner confirms, and forgotten after a week."""

    __tablename__ = "sign_up"
    __table_args__ = ({"sqlite_autoincrement": True},)
    """A number is never given twice: the old link of one sign-up must not confirm another."""

    id: Mapped[int] = mapped_column(primary_key=True)
    address_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    sealed_address: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Nothing once it was confirmed: the address is the subscriber's then."""
    languages: Mapped[str] = mapped_column(String(200))
    wording_id: Mapped[int] = mapped_column(ForeignKey("consent_wording.id"))
    """What the form said when it was pressed."""
    asked_at: Mapped[datetime] = mapped_column(index=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("reader_group.id", ondelete="SET NULL"))
    """Whose own page held the form: who confirms lands in that group."""


class AddressChange(Base):
    """Another address that a reader asked for: it is theirs once both mailboxes said yes, and forgotten soon."""

    __tablename__ = "address_change"
    __table_args__ = ({"sqlite_autoincrement": True},)
    """A number is never given twice: the link of one change must not agree to another."""

    id: Mapped[int] = mapped_column(primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscriber.id", ondelete="CASCADE"), unique=True)
    address_hash: Mapped[bytes] = mapped_column(LargeBinary(32), index=True)
    """The new one's."""
    sealed_address: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Nothing once it was changed: the address is the subscriber's then."""
    asked_at: Mapped[datetime] = mapped_column(index=True)
    old_agrees: Mapped[bool] = mapped_column(default=False)
    new_agrees: Mapped[bool] = mapped_column(default=False)


class MailedDay(Base):
    """That a mailbox was sent a mail because somebody typed its address into a form: a month is kept, to bound them."""

    __tablename__ = "mailed_day"

    address_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    """sign_up, preferences or change_new."""
    day: Mapped[date] = mapped_column(Date, primary_key=True, index=True)


class ConsentWording(Base):
    """What people were told when they agreed; versions are kept for ever."""

    __tablename__ = "consent_wording"
    __table_args__ = (UniqueConstraint("language", "digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(String(35))
    text: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))


class Consent(Base):
    """By what right a person is on the list, by day."""

    __tablename__ = "consent"
    __table_args__ = (Index("consent_standing", "subscriber_id", "withdrawn_on", "confirmed_on"),)
    """It finds a person's, and holds all that is asked about when a million joined."""

    id: Mapped[int] = mapped_column(primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscriber.id", ondelete="CASCADE"))
    wording_id: Mapped[int] = mapped_column(ForeignKey("consent_wording.id"))
    came_by: Mapped[str] = mapped_column(String(16))
    """form, import or added (by hand)."""
    asked_on: Mapped[date | None] = mapped_column(Date)
    confirmed_on: Mapped[date | None] = mapped_column(Date)
    withdrawn_on: Mapped[date | None] = mapped_column(Date)
    import_id: Mapped[int | None] = mapped_column(ForeignKey("import.id"))
    """Which import brought them, until they do something of their own will: then no undo takes them away."""
    subscriber: Mapped[Subscriber] = relationship(back_populates="consents")


_UNNOTED = text("noted_on IS NULL")


class Suppression(Base):
    """An address that must not be written to, as a keyed hash: all that stays of someone who left."""

    __tablename__ = "suppression"
    __table_args__ = (Index("suppression_to_note", "address_hash", sqlite_where=_UNNOTED, postgresql_where=_UNNOTED),)

    address_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    reason: Mapped[str] = mapped_column(String(32))
    """left, bounced, complained; `imported left` and so on where they had done so before an import."""
    day: Mapped[date] = mapped_column(Date)
    noted_on: Mapped[date | None] = mapped_column(Date)
    """The day on which it was written into the journal; nothing while it waits for that."""


class JournalPlace(Base):
    """How far a journal was when this database last wrote: what it holds beyond that, the database does not know."""

    __tablename__ = "journal_place"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """The journal's; each machine has its own."""
    lines: Mapped[int] = mapped_column(BigInteger)
    """None where a machine is new, until another one lets it in."""
    beat: Mapped[int] = mapped_column(BigInteger)
    """The last number that was given for a beat."""


class HeadCount(Base):
    """How many people stood how on a day, by the language they name first: numbers without anybody behind them."""

    __tablename__ = "head_count"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    state: Mapped[State] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(String(35), primary_key=True)
    """Empty for those who named none, together with those whose language too few named."""
    people: Mapped[int]


_OPEN = text("slug IS NOT NULL AND removed_at IS NULL")


class Group(Base):
    """A label that the list keeper gives to readers, such as press or funders. Readers do not see it."""

    __tablename__ = "reader_group"
    __table_args__ = (
        Index("reader_group_by_slug", "slug", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        {"sqlite_autoincrement": True},
    )
    """A number is never given twice: a mailing that names it must not go to another group."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    slug: Mapped[str | None] = mapped_column(String(40))
    """The end of its own page's address, which anybody may see; nothing where it has no page."""
    removed_at: Mapped[datetime | None]
    """Taken away, and forgotten a day later: until then it can be brought back."""


class GroupMember(Base):
    """That a person is in a group."""

    __tablename__ = "group_member"

    group_id: Mapped[int] = mapped_column(ForeignKey("reader_group.id", ondelete="CASCADE"), primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(
        ForeignKey("subscriber.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Topic(Base):
    """What some newsletters are about, and readers may do without."""

    __tablename__ = "topic"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    removed_at: Mapped[datetime | None]
    """As a group's."""
    names: Mapped[list["TopicName"]] = relationship(cascade="all, delete-orphan", order_by="TopicName.language")


class TopicName(Base):
    """What a topic is called in one language."""

    __tablename__ = "topic_name"

    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id", ondelete="CASCADE"), primary_key=True)
    language: Mapped[str] = mapped_column(String(35), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))


class UnwantedTopic(Base):
    """That a reader does without a topic. Who chose nothing has no row, and gets everything."""

    __tablename__ = "unwanted_topic"

    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id", ondelete="CASCADE"), primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(
        ForeignKey("subscriber.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class ImportState(enum.StrEnum):
    """How far an import is."""

    ARRIVING = "arriving"
    GIVEN = "given"
    """The file is here; its columns and the consent have to be said."""
    READING = "reading"
    READ = "read"
    """Everybody in it is staged; what would happen is known."""
    MERGING = "merging"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"
    GIVEN_UP = "given up"


class Import(Base):
    """A file with people, from its arrival on. It names nobody: what does is in the tables below, and not for long."""

    __tablename__ = "import"

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[ImportState]
    begun_at: Mapped[datetime]
    worked_at: Mapped[datetime]
    """When it last came on: one that stands still in the middle is taken up by somebody else."""
    merged_at: Mapped[datetime | None]
    size: Mapped[int] = mapped_column(default=0)
    """Of the file, in bytes."""
    called: Mapped[str] = mapped_column(String(16), default="")
    """What a product's file names begin with, where that says how everybody in it stands."""
    encoding: Mapped[str] = mapped_column(String(16), default="")
    """As a person chose it."""
    columns: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    wording_id: Mapped[int | None] = mapped_column(ForeignKey("consent_wording.id"))
    agreed_on: Mapped[date | None] = mapped_column(Date)
    """The day of the consent, for everybody whose own the file does not say."""
    group_id: Mapped[int | None] = mapped_column(ForeignKey("reader_group.id", ondelete="SET NULL"))
    """The group that everybody in it is put into."""
    rows_read: Mapped[int] = mapped_column(default=0)
    counts: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    """What would become of its rows, or became of them: each is counted once."""


class ImportPiece(Base):
    """A part of the file as it came, sealed: gone as soon as its people are merged, or after a week."""

    __tablename__ = "import_piece"
    __table_args__ = (UniqueConstraint("import_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("import.id"))
    number: Mapped[int]
    """Its place in the file, from 0."""
    mark: Mapped[bytes] = mapped_column(LargeBinary(16))
    """Noise that the sealed piece is bound to."""
    sealed_piece: Mapped[bytes] = mapped_column(LargeBinary)


class ImportBatch(Base):
    """Some people of the file, hashed, and sealed together until they are merged.

    They are sorted into parts by the first byte of their hash, so that those who are merged together lie together in
    the list's own index.
    """

    __tablename__ = "import_batch"
    __table_args__ = (Index("import_batch_by_part", "import_id", "part"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("import.id"))
    part: Mapped[int]
    people: Mapped[int]
    """How many."""
    mark: Mapped[bytes] = mapped_column(LargeBinary(16))
    """Noise that the sealed people are bound to."""
    sealed_people: Mapped[bytes] = mapped_column(LargeBinary)


class ImportNote(Base):
    """What somebody should know about one line of the file: why it was refused, or with what it is in conflict."""

    __tablename__ = "import_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("import.id"), index=True)
    place: Mapped[int] = mapped_column(BigInteger)
    """The table and the line."""
    kind: Mapped[str] = mapped_column(String(16))
    """refused or conflict."""
    why: Mapped[str] = mapped_column(String(300))


class ImportLabel(Base):
    """That an import put somebody into its group who was on the list before: its undo takes them out again."""

    __tablename__ = "import_label"

    import_id: Mapped[int] = mapped_column(ForeignKey("import.id"), primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(
        ForeignKey("subscriber.id", ondelete="CASCADE"), primary_key=True, index=True
    )
