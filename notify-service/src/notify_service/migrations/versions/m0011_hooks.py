"""Notify's copy of the hooks, and the index that says when each was called last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.database import UtcTimestamp

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_OF_A_HOOK = sa.text("channel = 'hook'")


def upgrade() -> None:
    """Make both."""
    op.create_table(
        "notify_hooks",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("secret", sa.Text, nullable=False),
        sa.Column("events", sa.JSON, nullable=False),
        sa.Column("forms", sa.JSON),
        sa.Column("expires_at", UtcTimestamp),
        sa.Column("changed_at", UtcTimestamp, nullable=False),
        sa.Column("is_ended", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("notify_hooks_pkey")),
    )
    op.create_index(
        "deliveries_by_hook",
        "deliveries",
        ["destination_hash", "state", "changed_at"],
        postgresql_where=_OF_A_HOOK,
        sqlite_where=_OF_A_HOOK,
    )


def downgrade() -> None:
    """Remove both: storage tells of all hooks again."""
    op.drop_index("deliveries_by_hook", "deliveries")
    op.drop_table("notify_hooks")
