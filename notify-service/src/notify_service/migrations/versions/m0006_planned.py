"""What was planned already: each submission, by its id and its fingerprint."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.database import UtcTimestamp

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "planned_submissions",
        sa.Column("submission_id", sa.Uuid, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("planned_at", UtcTimestamp, nullable=False),
        sa.PrimaryKeyConstraint("submission_id", "fingerprint", name=op.f("planned_submissions_pkey")),
    )


def downgrade() -> None:
    """Remove the table; the deliveries that were planned stay."""
    op.drop_table("planned_submissions")
