"""Hooks: where programs of owners asked to be called."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.database import UtcTimestamp, lost_rows

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, empty."""
    op.create_table(
        "hooks",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("owner", "url", "shown", "secret")),
        sa.Column("events", sa.JSON, nullable=False),
        sa.Column("forms", sa.JSON),
        sa.Column("created_at", UtcTimestamp, nullable=False),
        sa.Column("expires_at", UtcTimestamp),
        sa.Column("ended_at", UtcTimestamp),
        sa.Column("ended_because", sa.Text),
        sa.Column("told_at", UtcTimestamp, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("hooks_pkey")),
    )
    op.create_index("hooks_by_owner", "hooks", ["owner", "created_at"])
    op.create_index("hooks_by_telling", "hooks", ["told_at"])


def lost(connection: sa.Connection) -> list[str]:
    """Return what is in it: programs that are called no more."""
    return lost_rows(connection, {"hooks, which then end": "hooks"})


def downgrade() -> None:
    """Remove it, with all that is in it."""
    op.drop_table("hooks")
