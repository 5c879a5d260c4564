"""consents are found by whether they stand, and suppressions know whether the journal has them"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index(op.f("consent_subscriber_id_index"), table_name="consent")
    op.create_index("consent_standing", "consent", ["subscriber_id", "withdrawn_on", "confirmed_on"])
    op.add_column("suppression", sa.Column("noted_on", sa.Date(), nullable=True))
    # Whoever left is in the journal since they left; of the others some may not be, and twice does no harm.
    op.execute("UPDATE suppression SET noted_on = day WHERE reason = 'left'")
    waits = sa.text("noted_on IS NULL")
    op.create_index("suppression_to_note", "suppression", ["address_hash"], sqlite_where=waits, postgresql_where=waits)
