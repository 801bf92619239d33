"""The claim table: one row a confirmation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.database import UtcTimestamp, lost_rows

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "confirmations",
        sa.Column("submission_id", sa.Uuid, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("destination_hash", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("owner", sa.Uuid),
        sa.Column("lease_until", UtcTimestamp),
        sa.Column("last_error", sa.Text),
        sa.Column("changed_at", UtcTimestamp, nullable=False),
        sa.PrimaryKeyConstraint("submission_id", "channel", "destination_hash", name=op.f("confirmations_pkey")),
        sa.CheckConstraint(
            "state IN ('pending', 'sending', 'retrying', 'sent', 'failed')", name=op.f("confirmations_state_known")
        ),
    )


def lost(connection: sa.Connection) -> list[str]:
    """Return what was recorded."""
    return lost_rows(connection, {"records of confirmations and webhooks": "confirmations"})


def downgrade() -> None:
    """Remove the table, with all that is in it."""
    op.drop_table("confirmations")
