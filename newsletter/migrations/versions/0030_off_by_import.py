"""which import took somebody off the list, so that its undo brings them back"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column = sa.Column("off_by_import", sa.Integer(), sa.ForeignKey("import.id"), nullable=True)
    op.add_column("subscriber", column, inline_references=True)  # within the statement, so that no table is copied
