"""up to which try somebody who resumed a mailing knows what servers said"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("mailing", schema=None) as batch_op:
        batch_op.add_column(sa.Column("resumed_after", sa.Integer(), server_default="0", nullable=False))
