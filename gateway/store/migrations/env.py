"""Alembic's environment: run the revisions on the connection that ``gateway.store.migrate`` passes in."""

from __future__ import annotations

from alembic import context

from gateway.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite can't alter most things in place
    transactional_ddl=True,  # true of both databases here; a revision is applied wholly or not at all
)
with context.begin_transaction():
    context.run_migrations()
