"""recipient domains that turned our mail away, by keyed hash, while a mailing goes on"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "waiting_domain",
        sa.Column("mailing_id", sa.Integer(), nullable=False),
        sa.Column("domain_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("seen", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mailing_id"], ["mailing.id"], name=op.f("waiting_domain_mailing_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("mailing_id", "domain_hash", name=op.f("waiting_domain_pkey")),
    )
