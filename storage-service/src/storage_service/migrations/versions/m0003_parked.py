"""Creates the tables of parked messages."""

from __future__ import annotations

import sqlalchemy as sa

from shared.database import lost_rows
from shared.parked.tables import create_tables, drop_tables

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; the service then takes over what lies on the parked queue."""
    create_tables("storage")


def lost(connection: sa.Connection) -> list[str]:
    """Return what is kept."""
    return lost_rows(connection, {"parked messages": "storage_parked"})


def downgrade() -> None:
    """Remove the tables, with all that is in them."""
    drop_tables("storage")
