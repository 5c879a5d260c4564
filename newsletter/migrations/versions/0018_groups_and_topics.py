"""groups, topics, and whom a mailing is for"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _groups()
    _topics()
    _group_of_sign_ups()
    op.add_column("mailing", sa.Column("audience", sa.Text(), server_default="everyone", nullable=False))


def _group_of_sign_ups() -> None:
    """SQLite copies the table. The copy must go on counting: else an old link would confirm somebody else's sign-up."""
    last = sa.text("SELECT max(seq) FROM sqlite_sequence WHERE name = 'sign_up'")
    counted = op.get_bind().scalar(last) if op.get_bind().dialect.name == "sqlite" else None
    with op.batch_alter_table("sign_up", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        batch_op.add_column(sa.Column("group_id", sa.Integer(), nullable=True))
        name = batch_op.f("sign_up_group_id_fkey")
        batch_op.create_foreign_key(name, "reader_group", ["group_id"], ["id"], ondelete="SET NULL")
    if counted:
        op.execute("DELETE FROM sqlite_sequence WHERE name = 'sign_up'")
        op.execute(f"INSERT INTO sqlite_sequence VALUES ('sign_up', {int(counted)})")  # noqa: S608 - a number of SQLite's


def _groups() -> None:
    op.create_table(
        "reader_group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("slug", sa.String(length=40), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("reader_group_pkey")),
        sqlite_autoincrement=True,
    )
    is_open = sa.text("slug IS NOT NULL AND removed_at IS NULL")
    op.create_index(
        "reader_group_by_slug", "reader_group", ["slug"], unique=True, sqlite_where=is_open, postgresql_where=is_open
    )
    _of_readers("group_member", "group_id", "reader_group")


def _topics() -> None:
    op.create_table(
        "topic",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("topic_pkey")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "topic_name",
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name=op.f("topic_name_topic_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("topic_id", "language", name=op.f("topic_name_pkey")),
    )
    _of_readers("unwanted_topic", "topic_id", "topic")


def _of_readers(table: str, column: str, parent: str) -> None:
    """A table that ties readers to a group or a topic."""
    reader = ["subscriber_id"]
    op.create_table(
        table,
        sa.Column(column, sa.Integer(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint([column], [f"{parent}.id"], name=op.f(f"{table}_{column}_fkey"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            reader, ["subscriber.id"], name=op.f(f"{table}_subscriber_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint(column, "subscriber_id", name=op.f(f"{table}_pkey")),
    )
    op.create_index(op.f(f"{table}_subscriber_id_index"), table, reader, unique=False)
