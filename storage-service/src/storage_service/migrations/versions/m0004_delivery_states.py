"""What notify tells of deliveries, what was asked of it, the outbox by which it is asked, and receipts' addresses."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.database import UtcTimestamp, lost_rows
from shared.database.leases import lease_columns
from shared.database.outbox import outbox_columns

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and the column, null in every row there is."""
    op.add_column("submissions", sa.Column("receipt_url", sa.Text))
    op.create_table(
        "delivery_states",
        sa.Column("delivery_id", sa.Uuid, nullable=False),
        sa.Column("submission_id", sa.Uuid, nullable=False),
        sa.Column("form", sa.Text),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("destination_shown", sa.Text, nullable=False),
        sa.Column("request", sa.Uuid, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("words", sa.Text),
        sa.Column("changed_at", UtcTimestamp, nullable=False),
        sa.Column("asked", sa.Uuid),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("delivery_states_pkey")),
    )
    op.create_index("delivery_states_by_submission", "delivery_states", ["submission_id"])
    op.create_index("delivery_states_by_state", "delivery_states", ["state", "changed_at"])
    op.create_table(
        "delivery_requests",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("submission_id", sa.Uuid, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("delivery_id", sa.Uuid),
        sa.Column("requested_by", sa.Text, nullable=False),
        sa.Column("requested_at", UtcTimestamp, nullable=False),
        sa.Column("settled_at", UtcTimestamp),
        sa.PrimaryKeyConstraint("id", name=op.f("delivery_requests_pkey")),
    )
    op.create_index("delivery_requests_by_submission", "delivery_requests", ["submission_id", "channel"])
    op.create_table("storage_outbox", *outbox_columns("storage_outbox"), sqlite_autoincrement=True)
    op.create_table("storage_leases", *lease_columns("storage_leases"))


def lost(connection: sa.Connection) -> list[str]:
    """Return what waits to be published; the rest notify still knows."""
    return lost_rows(connection, {"requests to send again, which are not published: let storage run": "storage_outbox"})


def downgrade() -> None:
    """Remove them, with all that is in them."""
    for name in ("storage_leases", "storage_outbox", "delivery_requests", "delivery_states"):
        op.drop_table(name)
    op.drop_column("submissions", "receipt_url")
