"""Parked messages are kept in the database, with the trail of what was done about each."""

from __future__ import annotations

import sqlalchemy as sa

from shared.database import lost_rows
from shared.parked.tables import create_tables, drop_tables

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; what lies on the parked queue comes by itself."""
    create_tables("notify")


def lost(connection: sa.Connection) -> list[str]:
    """Return what is kept."""
    return lost_rows(connection, {"parked messages": "notify_parked"})


def downgrade() -> None:
    """Remove the tables, with all that is in them."""
    drop_tables("notify")
