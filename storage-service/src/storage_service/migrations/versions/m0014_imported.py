"""Adds when a submission was imported, and an index of those that were."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.database import UtcTimestamp, lost_rows

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, null in every row there is, and the index, empty."""
    op.add_column("submissions", sa.Column("imported_at", UtcTimestamp))
    is_imported = sa.text("imported_at IS NOT NULL")
    op.create_index(
        "submissions_imported",
        "submissions",
        [sa.text("accepted_at DESC"), sa.text("id DESC")],
        postgresql_where=is_imported,
        sqlite_where=is_imported,
    )


def lost(connection: sa.Connection) -> list[str]:
    """Return what would be forgotten."""
    kept = "marks of what was imported, without which somebody who says that it is no spam sends mails to old addresses"
    return lost_rows(connection, {kept: "submissions WHERE imported_at IS NOT NULL"})


def downgrade() -> None:
    """Remove both."""
    op.drop_index("submissions_imported", "submissions")
    op.drop_column("submissions", "imported_at")
