"""counting: indexes that hold what long lists are counted and ordered by, and the daily counts of readers"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index(op.f("subscriber_languages_index"), table_name="subscriber")
    op.drop_index(op.f("subscriber_state_index"), table_name="subscriber")
    op.create_index("subscriber_by_state", "subscriber", ["state", "languages"], unique=False)
    op.drop_index("delivery_by_state", table_name="delivery")
    op.create_index("delivery_by_state", "delivery", ["mailing_id", "state", "retry_at", "edition_id"], unique=False)
    held = sa.text("generation_id IS NOT NULL")
    op.drop_index("delivery_by_generation", table_name="delivery")
    op.create_index(
        "delivery_by_generation",
        "delivery",
        ["generation_id", "state"],
        unique=False,
        sqlite_where=held,
        postgresql_where=held,
    )
    op.create_index(op.f("mailing_issue_id_index"), "mailing", ["issue_id"], unique=False)
    op.create_index("resource_by_day", "resource", ["dismissed_at", "published_at"], unique=False)
    op.drop_index(op.f("resource_text_resource_id_index"), table_name="resource_text")
    op.create_index("resource_text_by_language", "resource_text", ["resource_id", "language"], unique=False)
    op.create_table(
        "head_count",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "state", "language", name=op.f("head_count_pkey")),
    )
