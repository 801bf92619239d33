"""Which submissions are erased, and when those that are planned were accepted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.database import UtcTimestamp, lost_rows

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and the column."""
    op.create_table(
        "erased",
        sa.Column("submission_id", sa.Uuid, nullable=False),
        sa.Column("at", UtcTimestamp, nullable=False),
        sa.Column("noted_at", UtcTimestamp, nullable=False),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("erased_pkey")),
    )
    op.create_index("erased_by_noting", "erased", ["noted_at"])
    op.add_column("planned_submissions", sa.Column("accepted_at", UtcTimestamp))


def lost(connection: sa.Connection) -> list[str]:
    """Return what only this version knows what to do with."""
    return lost_rows(connection, {"erased submissions, of which copies on their way would be delivered": "erased"})


def downgrade() -> None:
    """Remove them: an earlier version knows nothing of erasing."""
    op.drop_column("planned_submissions", "accepted_at")
    op.drop_table("erased")
