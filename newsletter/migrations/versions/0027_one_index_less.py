"""one index less: who is held by a run is found by mailing and state"""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("delivery_by_generation", table_name="delivery")
