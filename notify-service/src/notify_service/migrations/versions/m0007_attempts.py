"""Each try to send is kept for a while; a delivery may be cancelled; owners and the upkeep find what is not sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from shared.database import UtcTimestamp

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_BEFORE = ("pending", "sending", "retrying", "held", "sent", "failed")
_COUNTED = {"recipient": "recipient_hash", "source": "source_hash", "form": "form"}
_MOMENTS = ("due_at", "next_attempt_at", "counted_at", "created_at", "changed_at", "sent_at")
_COLUMNS = (
    *("id", "submission_id", "form", "channel", "destination_hash", "destination_shown", "request", "state"),
    *("attempts", "last_error", "provider_id", "recipient_hash", "source_hash", "owner", "lease_until"),
    *_MOMENTS,
)
_NEEDED = {
    *("id", "submission_id", "channel", "destination_hash", "destination_shown", "request", "state", "attempts"),
    *("created_at", "changed_at"),
}
_TYPES: dict[str, Any] = {
    **dict.fromkeys(("id", "submission_id", "request", "owner"), sa.Uuid),
    "attempts": sa.Integer,
}


def upgrade() -> None:
    """Make the tables, the column, the state and the indexes."""
    _know((*_BEFORE, "cancelled"), added=("published_again_at",))
    unsent = sa.text("state <> 'sent'")
    op.create_index(
        "deliveries_unsent", "deliveries", ["state", "changed_at", "id"], postgresql_where=unsent, sqlite_where=unsent
    )
    op.create_index("deliveries_by_creation", "deliveries", ["created_at", "id"])
    op.create_table(
        "delivery_attempts",
        sa.Column("delivery_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("at", UtcTimestamp, nullable=False),
        sa.Column("took_ms", sa.Integer, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("said", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("delivery_id", "number", name=op.f("delivery_attempts_pkey")),
    )
    op.create_index("delivery_attempts_by_time", "delivery_attempts", ["at"])


def downgrade() -> None:
    """Take it back; what was cancelled has failed. What is known of tries is forgotten, as it is after 30 days."""
    op.drop_table("delivery_attempts")
    op.drop_index("deliveries_by_creation", "deliveries")
    op.drop_index("deliveries_unsent", "deliveries")
    op.execute("UPDATE deliveries SET state = 'failed', last_error = 'cancelled' WHERE state = 'cancelled'")
    if op.get_bind().dialect.name == "postgresql":
        op.drop_column("deliveries", "published_again_at")
    _know(_BEFORE)


def _know(states: Sequence[str], added: Sequence[str] = ()) -> None:
    """Let rows have these states. SQLite changes no constraint of a table: there it is made anew."""
    listed = ", ".join(f"'{state}'" for state in states)
    known = sa.CheckConstraint(f"state IN ({listed})", name=op.f("deliveries_state_known"))
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("deliveries_state_known", "deliveries")
        op.create_check_constraint(op.f("deliveries_state_known"), "deliveries", known.sqltext)
        for name in added:
            op.add_column("deliveries", sa.Column(name, UtcTimestamp))
        return
    for kind in _COUNTED:
        op.drop_index(f"deliveries_by_{kind}", "deliveries")
    op.rename_table("deliveries", "deliveries_before")
    op.create_table(
        "deliveries",
        *(_column(name) for name in _COLUMNS),
        *(sa.Column(name, UtcTimestamp) for name in added),
        sa.PrimaryKeyConstraint("id", name=op.f("deliveries_pkey")),
        sa.UniqueConstraint(
            *("submission_id", "channel", "destination_hash", "request"), name=op.f("deliveries_asked_once")
        ),
        known,
    )
    columns = ", ".join(_COLUMNS)
    op.execute(f"INSERT INTO deliveries ({columns}) SELECT {columns} FROM deliveries_before")  # noqa: S608
    op.drop_table("deliveries_before")
    counted = sa.text("counted_at IS NOT NULL")
    for kind, column in _COUNTED.items():
        op.create_index(
            f"deliveries_by_{kind}",
            "deliveries",
            [column, "counted_at"],
            postgresql_where=counted,
            sqlite_where=counted,
        )


def _column(name: str) -> sa.Column[object]:
    kind = UtcTimestamp if name in {*_MOMENTS, "lease_until"} else _TYPES.get(name, sa.Text)
    return sa.Column(name, kind, nullable=name not in _NEEDED)
