"""Which mails with links into accounts were sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.database import UtcTimestamp

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "account_mails",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("expires_at", UtcTimestamp, nullable=False),
        sa.Column("claimed_until", UtcTimestamp),
        sa.Column("sent_at", UtcTimestamp),
        sa.PrimaryKeyConstraint("id", name=op.f("account_mails_pkey")),
    )


def downgrade() -> None:
    """Remove it: an earlier version sends no such mail."""
    op.drop_table("account_mails")
