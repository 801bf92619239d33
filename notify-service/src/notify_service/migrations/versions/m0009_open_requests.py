"""Requests that end with the same delivery, and the moment with which storage was told of one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.database import UtcTimestamp, lost_rows

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them. What storage knows by now was told with the moment of the last change."""
    op.add_column("deliveries", sa.Column("told_at", UtcTimestamp))
    op.execute("UPDATE deliveries SET told_at = changed_at WHERE told IS NOT NULL")
    op.create_table(
        "open_requests",
        sa.Column("delivery_id", sa.Uuid, nullable=False),
        sa.Column("request", sa.Uuid, nullable=False),
        sa.PrimaryKeyConstraint("delivery_id", "request", name=op.f("open_requests_pkey")),
    )
    op.create_index("open_requests_by_request", "open_requests", ["request"])


def lost(connection: sa.Connection) -> list[str]:
    """Return what only this version knows what to do with."""
    return lost_rows(connection, {"requests that wait for another one's delivery": "open_requests"})


def downgrade() -> None:
    """Remove them."""
    op.drop_table("open_requests")
    op.drop_column("deliveries", "told_at")
