"""Addresses that are sent no mail, and the states of deliveries to them: suppressed, and bounced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from shared.database import UtcTimestamp, lost_rows

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_BEFORE = ("pending", "sending", "retrying", "held", "sent", "failed", "cancelled")
_TOLD_BEFORE = ("failed", "held", "cancelled")
_NEW = ("suppressed", "bounced")
_COUNTED = {"recipient": "recipient_hash", "source": "source_hash", "form": "form"}
_MOMENTS = (
    *("due_at", "next_attempt_at", "counted_at", "created_at", "changed_at", "sent_at", "published_again_at"),
    *("told_at", "lease_until"),
)
_COLUMNS = (
    *("id", "submission_id", "form", "channel", "destination_hash", "destination_shown", "request", "state"),
    *("attempts", "due_at", "next_attempt_at", "last_error", "provider_id", "recipient_hash", "source_hash"),
    *("counted_at", "owner", "lease_until", "created_at", "changed_at", "sent_at", "published_again_at"),
    *("requested_by", "last_request", "told", "told_at"),
)
_NEEDED = {
    *("id", "submission_id", "channel", "destination_hash", "destination_shown", "request", "state", "attempts"),
    *("created_at", "changed_at"),
}
_TYPES: dict[str, Any] = {
    **dict.fromkeys(("id", "submission_id", "request", "owner", "last_request"), sa.Uuid),
    **dict.fromkeys(_MOMENTS, UtcTimestamp),
    "attempts": sa.Integer,
}


def upgrade() -> None:
    """Let deliveries have the states, have storage told of them, and make the table."""
    _know((*_BEFORE, *_NEW), told=(*_TOLD_BEFORE, *_NEW))
    op.create_table(
        "suppressed_addresses",
        sa.Column("address_hash", sa.Text, nullable=False),
        sa.Column("form", sa.Text, nullable=False),
        sa.Column("stops", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("shown", sa.Text, nullable=False),
        sa.Column("at", UtcTimestamp, nullable=False),
        sa.Column("by", sa.Text),
        sa.Column("said", sa.Text),
        sa.PrimaryKeyConstraint("address_hash", "form", "stops", name=op.f("suppressed_addresses_pkey")),
    )
    op.create_index("suppressed_addresses_by_time", "suppressed_addresses", ["at", "address_hash"])


def lost(connection: sa.Connection) -> list[str]:
    """Return what only this version knows what to do with."""
    return lost_rows(connection, {"addresses that are to be sent no mail": "suppressed_addresses"})


def downgrade() -> None:
    """Take it back; what was not sent for this reason, or came back, has failed."""
    op.drop_table("suppressed_addresses")
    op.execute("UPDATE deliveries SET state = 'failed' WHERE state IN ('suppressed', 'bounced')")
    op.execute("UPDATE deliveries SET told = 'failed' WHERE told IN ('suppressed', 'bounced')")
    _know(_BEFORE, told=_TOLD_BEFORE)


def _know(states: Sequence[str], told: Sequence[str]) -> None:
    """Let rows have these states, and find those of them that storage is told of."""
    known = sa.CheckConstraint(f"state IN ({_listed(states)})", name=op.f("deliveries_state_known"))
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("deliveries_untold", "deliveries")
        op.drop_constraint("deliveries_state_known", "deliveries")
        op.create_check_constraint(op.f("deliveries_state_known"), "deliveries", known.sqltext)
    else:
        _made_anew(known)
    _index_untold(told)


def _index_untold(told: Sequence[str]) -> None:
    untold = sa.text(
        f"(told IS NOT NULL OR state IN ({_listed(told)})) AND (told IS NULL OR told <> "
        "CASE WHEN state IN ('pending', 'sending', 'retrying') THEN 'pending' ELSE state END)"
    )
    op.create_index("deliveries_untold", "deliveries", ["id"], postgresql_where=untold, sqlite_where=untold)


def _made_anew(known: sa.CheckConstraint) -> None:
    """Make the table anew, with another constraint: SQLite changes none of a table that is there."""
    _drop_indexes()
    op.rename_table("deliveries", "deliveries_before")
    op.create_table(
        "deliveries",
        *(sa.Column(name, _TYPES.get(name, sa.Text), nullable=name not in _NEEDED) for name in _COLUMNS),
        sa.PrimaryKeyConstraint("id", name=op.f("deliveries_pkey")),
        sa.UniqueConstraint(
            *("submission_id", "channel", "destination_hash", "request"), name=op.f("deliveries_asked_once")
        ),
        known,
    )
    columns = ", ".join(_COLUMNS)
    op.execute(f"INSERT INTO deliveries ({columns}) SELECT {columns} FROM deliveries_before")  # noqa: S608
    op.drop_table("deliveries_before")
    op.create_index("deliveries_by_creation", "deliveries", ["created_at", "id"])
    _index("unsent", ["state", "changed_at", "id"], "state <> 'sent'")
    _index("by_hook", ["destination_hash", "state", "changed_at"], "channel = 'hook'")
    for kind, column in _COUNTED.items():
        _index(f"by_{kind}", [column, "counted_at"], "counted_at IS NOT NULL")


def _drop_indexes() -> None:
    for name in ("untold", "by_creation", "unsent", "by_hook", *(f"by_{kind}" for kind in _COUNTED)):
        op.drop_index(f"deliveries_{name}", "deliveries")


def _index(name: str, columns: list[str], where: str) -> None:
    op.create_index(f"deliveries_{name}", "deliveries", columns, sqlite_where=sa.text(where))


def _listed(states: Sequence[str]) -> str:
    return ", ".join(f"'{state}'" for state in states)
