"""people are staged as lines: files of which some wait to be merged are read once more, as they are still kept"""

from alembic import op

revision = "0025"
down_revision = "0027"
branch_labels = None
depends_on = None

_WAITING = "state IN ('reading', 'read', 'merging')"


def upgrade() -> None:
    op.execute(f"DELETE FROM import_note WHERE import_id IN (SELECT id FROM import WHERE {_WAITING})")  # noqa: S608 - fixed
    op.execute("DELETE FROM import_batch")
    op.execute(f"UPDATE import SET state = 'reading', rows_read = 0, counts = '{{}}' WHERE {_WAITING}")  # noqa: S608
