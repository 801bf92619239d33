"""What owners ask for: deliveries that somebody requested, verdicts on submissions; and what storage is told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.database import UtcTimestamp, lost_rows
from shared.database.leases import lease_columns
from shared.database.outbox import outbox_columns

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_UNTOLD = sa.text(
    "(told IS NOT NULL OR state IN ('failed', 'held', 'cancelled')) AND (told IS NULL OR told <> "
    "CASE WHEN state IN ('pending', 'sending', 'retrying') THEN 'pending' ELSE state END)"
)
_LOST = {
    "messages to storage, which are not published: let notify run": "notify_outbox",
    "decisions that a submission is spam after all, or is not": "verdicts",
    "deliveries that somebody requested and that are not sent": (
        "deliveries WHERE requested_by IS NOT NULL AND state IN ('pending', 'sending', 'retrying')"
    ),
}


def upgrade() -> None:
    """Make them. What has failed or is held by now is then told to storage, like all that will be."""
    op.add_column("deliveries", sa.Column("requested_by", sa.Text))
    op.add_column("deliveries", sa.Column("last_request", sa.Uuid))
    op.add_column("deliveries", sa.Column("told", sa.Text))
    op.create_index("deliveries_untold", "deliveries", ["id"], postgresql_where=_UNTOLD, sqlite_where=_UNTOLD)
    op.create_table(
        "verdicts",
        sa.Column("submission_id", sa.Uuid, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("is_released", sa.Boolean, nullable=False),
        sa.Column("decided_at", UtcTimestamp, nullable=False),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("verdicts_pkey")),
    )
    op.create_table("notify_outbox", *outbox_columns("notify_outbox"), sqlite_autoincrement=True)
    op.create_table("notify_leases", *lease_columns("notify_leases"))


def lost(connection: sa.Connection) -> list[str]:
    """Return what only this version knows what to do with."""
    return lost_rows(connection, _LOST)


def downgrade() -> None:
    """Remove them; deliveries that were requested stay."""
    for name in ("notify_leases", "notify_outbox", "verdicts"):
        op.drop_table(name)
    op.drop_index("deliveries_untold", "deliveries")
    for name in ("told", "last_request", "requested_by"):
        op.drop_column("deliveries", name)
