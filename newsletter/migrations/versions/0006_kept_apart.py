"""kept apart"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kept_apart",
        sa.Column("resource_id", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["other_id"], ["resource.id"], name=op.f("kept_apart_other_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resource.id"], name=op.f("kept_apart_resource_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("resource_id", "other_id", name=op.f("kept_apart_pkey")),
    )
    with op.batch_alter_table("kept_apart", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("kept_apart_other_id_index"), ["other_id"], unique=False)
