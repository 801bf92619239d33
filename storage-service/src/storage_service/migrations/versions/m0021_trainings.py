"""What came of the last training of spam, of which there may be no model."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.database import UtcTimestamp

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table, empty."""
    op.create_table(
        "spam_trainings",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("name", "kind", "words")),
        sa.Column("ended_at", UtcTimestamp, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("spam_trainings_pkey")),
    )


def downgrade() -> None:
    """Remove it: what it has is said again after the next training."""
    op.drop_table("spam_trainings")
