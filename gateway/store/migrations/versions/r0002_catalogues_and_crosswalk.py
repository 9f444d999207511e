"""Catalogues record by record, and the crosswalk's journal.

A whole catalogue in a snapshot becomes one record for each version of an item. The old snapshots are dropped, not
converted: the platform's next pull brings the catalogue again, and until then its file in the configuration stands.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the two tables."""
    op.create_table(
        "catalogue_records",
        sa.Column("catalogue", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("catalogue", "code", "version"),
    )
    op.create_index(
        "ix_catalogue_records_walk",
        "catalogue_records",
        ["catalogue", "code", "version", "edition"],
        unique=False,
    )
    op.create_table(
        "crosswalk_journal",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("position"),
        sa.UniqueConstraint("digest"),
    )
    op.execute("DELETE FROM snapshots WHERE name LIKE 'catalogue:%'")
