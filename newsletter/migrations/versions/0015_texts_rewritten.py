"""texts of resources that a person rewrote"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("resource_text", schema=None) as batch_op:
        batch_op.add_column(sa.Column("given_words", sa.String(length=64), nullable=True))
