"""imports: a file kept sealed, its people staged, and what came of them"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _imports()
    _pieces()
    _batches()
    _notes()
    _labels()
    op.execute(  # in place: it has a million rows, and nothing else about it changes
        "ALTER TABLE consent ADD COLUMN import_id INTEGER CONSTRAINT consent_import_id_fkey REFERENCES import (id)"
    )
    with op.batch_alter_table("suppression", schema=None) as batch_op:
        batch_op.alter_column("reason", existing_type=sa.String(length=16), type_=sa.String(length=32))


def _imports() -> None:
    op.create_table(
        "import",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("worked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("called", sa.String(length=16), nullable=False),
        sa.Column("encoding", sa.String(length=16), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("wording_id", sa.Integer(), nullable=True),
        sa.Column("agreed_on", sa.Date(), nullable=True),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.Column("rows_read", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["wording_id"], ["consent_wording.id"], name=op.f("import_wording_id_fkey")),
        sa.ForeignKeyConstraint(
            ["group_id"], ["reader_group.id"], name=op.f("import_group_id_fkey"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("import_pkey")),
    )


def _pieces() -> None:
    op.create_table(
        "import_piece",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("mark", sa.LargeBinary(length=16), nullable=False),
        sa.Column("sealed_piece", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["import.id"], name=op.f("import_piece_import_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("import_piece_pkey")),
        sa.UniqueConstraint("import_id", "number", name=op.f("import_piece_import_id_number_unique")),
    )


def _batches() -> None:
    op.create_table(
        "import_batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("mark", sa.LargeBinary(length=16), nullable=False),
        sa.Column("sealed_people", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["import.id"], name=op.f("import_batch_import_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("import_batch_pkey")),
    )
    op.create_index("import_batch_by_part", "import_batch", ["import_id", "part"], unique=False)


def _notes() -> None:
    op.create_table(
        "import_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("why", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["import.id"], name=op.f("import_note_import_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("import_note_pkey")),
    )
    op.create_index(op.f("import_note_import_id_index"), "import_note", ["import_id"], unique=False)


def _labels() -> None:
    op.create_table(
        "import_label",
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["import.id"], name=op.f("import_label_import_id_fkey")),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscriber.id"], name=op.f("import_label_subscriber_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_id", "subscriber_id", name=op.f("import_label_pkey")),
    )
    op.create_index(op.f("import_label_subscriber_id_index"), "import_label", ["subscriber_id"], unique=False)
