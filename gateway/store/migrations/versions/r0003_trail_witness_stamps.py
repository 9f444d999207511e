"""What an audit trail takes beside its log: each case's chain, searches, witnesses, alarms, timestamps, erasures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_ORDER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add three columns to cases, and four tables."""
    op.add_column("cases", sa.Column("trail", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("cases", sa.Column("trail_head", sa.LargeBinary(), nullable=False, server_default=sa.text("x''")))
    op.add_column("cases", sa.Column("erased_at", sa.BigInteger()))
    op.create_table(
        "trail",
        sa.Column("position", _ORDER, nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("holder", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("position"),
    )
    for column, empty in (("case_id", "''"), ("officer", "''"), ("holder", "x''")):
        name = column.removesuffix("_id")
        op.create_index(f"ix_trail_{name}", "trail", [column], sqlite_where=sa.text(f"{column} <> {empty}"))
    op.create_index("ix_trail_at", "trail", ["at"])
    op.create_table(
        "witnessed",
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("origin"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "alarms",
        sa.Column("position", _ORDER, nullable=False),
        sa.Column("alarm_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("proof", sa.LargeBinary(), nullable=False),
        sa.Column("acknowledged_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("position"),
        sa.UniqueConstraint("alarm_id"),
    )
    op.create_table(
        "stamps",
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("size", "at"),
    )
