"""Alembic's way in: runs the revisions on the connection that `newsletter.migrations` hands over."""

from alembic import context

from newsletter.migrations import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,  # SQLite changes a table by copying it
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
