"""What confirmations are counted by, for a cap on the mails to one recipient."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.database import UtcTimestamp

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, null in every row there is: what was sent before is not counted."""
    op.add_column("confirmations", sa.Column("recipient_hash", sa.Text))
    op.add_column("confirmations", sa.Column("claimed_at", UtcTimestamp))
    counted = sa.text("recipient_hash IS NOT NULL")
    op.create_index(
        "confirmations_by_recipient",
        "confirmations",
        ["recipient_hash", "claimed_at"],
        postgresql_where=counted,
        sqlite_where=counted,
    )


def downgrade() -> None:
    """Remove the columns."""
    op.drop_index("confirmations_by_recipient", "confirmations")
    op.drop_column("confirmations", "claimed_at")
    op.drop_column("confirmations", "recipient_hash")
