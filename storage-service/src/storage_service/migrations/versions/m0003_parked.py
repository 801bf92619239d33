"""Creates the tables of parked messages."""

from __future__ import annotations

from shared.parked.tables import create_tables, drop_tables

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; the service then takes over what lies on the parked queue."""
    create_tables("storage")


def downgrade() -> None:
    """Remove the tables, with all that is in them."""
    drop_tables("storage")
