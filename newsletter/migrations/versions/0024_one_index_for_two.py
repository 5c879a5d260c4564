"""one index for two: a delivery's person and mailing, found by the person alone as well"""

from alembic import op

revision = "0024"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("delivery") as delivery:
        delivery.drop_index(op.f("delivery_subscriber_id_index"))
        delivery.drop_constraint(op.f("delivery_mailing_id_subscriber_id_unique"), type_="unique")
        delivery.create_unique_constraint(
            op.f("delivery_subscriber_id_mailing_id_unique"), ["subscriber_id", "mailing_id"]
        )
