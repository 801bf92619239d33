"""What was planned already: each submission, by its id and its fingerprint."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.database import UtcTimestamp, lost_rows

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_LEFT = {
    "deliveries that are neither sent nor failed: they wait in notify.smtp.v1, notify.http.v1 and their delay levels": (
        "deliveries WHERE state NOT IN ('sent', 'failed') "
        "AND submission_id IN (SELECT submission_id FROM planned_submissions)"
    ),
    "parked messages, which cannot be replayed: replay or discard them first": (
        "notify_parked WHERE state = 'waiting' "
        "AND work_queue IN ('notify.submissions.v1', 'notify.smtp.v1', 'notify.http.v1')"
    ),
}


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "planned_submissions",
        sa.Column("submission_id", sa.Uuid, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("planned_at", UtcTimestamp, nullable=False),
        sa.PrimaryKeyConstraint("submission_id", "fingerprint", name=op.f("planned_submissions_pkey")),
    )


def lost(connection: sa.Connection) -> list[str]:
    """Return what waits for queues that an earlier version does not have."""
    return lost_rows(connection, _LEFT)


def downgrade() -> None:
    """Remove the table; the deliveries that were planned stay."""
    op.drop_table("planned_submissions")
