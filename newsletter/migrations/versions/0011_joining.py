"""joining: sign-ups that wait, days on which an address was mailed, and what readers prefer"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("subscriber", sa.Column("plain_text", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("subscriber", sa.Column("paused_until", sa.Date(), nullable=True))
    op.create_table(
        "sign_up",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed_address", sa.LargeBinary(), nullable=True),
        sa.Column("languages", sa.String(length=200), nullable=False),
        sa.Column("wording_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["wording_id"], ["consent_wording.id"], name=op.f("sign_up_wording_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("sign_up_pkey")),
        sa.UniqueConstraint("address_hash", name=op.f("sign_up_address_hash_unique")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("sign_up_asked_at_index"), "sign_up", ["asked_at"], unique=False)
    op.create_table(
        "mailed_day",
        sa.Column("address_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("address_hash", "kind", "day", name=op.f("mailed_day_pkey")),
    )
    op.create_index(op.f("mailed_day_day_index"), "mailed_day", ["day"], unique=False)
