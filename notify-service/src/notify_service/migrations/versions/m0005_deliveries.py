"""Confirmations and webhooks become deliveries: the table has another name, an id for each row, and more to tell.

The table is renamed, never copied beside the old one: a replica of an earlier version then finds none, and holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from shared.database import UtcTimestamp, lost_rows

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_STATES = "state IN ('pending', 'sending', 'retrying', 'held', 'sent', 'failed')"
_NO_REQUEST = "00000000-0000-0000-0000-000000000000"
_KEPT = (
    *("submission_id", "channel", "destination_hash", "state", "attempts", "owner", "lease_until", "last_error"),
    *("changed_at", "recipient_hash", "source_hash", "form"),
)
_COUNTED = {"recipient": "recipient_hash", "source": "source_hash", "form": "form"}
_IS_COUNTED = "state <> 'held' AND (recipient_hash IS NOT NULL OR source_hash IS NOT NULL OR form IS NOT NULL)"
_ADDED = {
    "destination_shown": "''",
    "provider_id": "CASE channel WHEN 'webhook' THEN 'accepted_' || {id} ELSE {id} || '.email' END",
    "due_at": "CASE state WHEN 'held' THEN NULL ELSE COALESCE(claimed_at, changed_at) END",
    "counted_at": f"CASE WHEN {_IS_COUNTED} THEN claimed_at END",
    "created_at": "COALESCE(claimed_at, changed_at)",
    "sent_at": "CASE state WHEN 'sent' THEN changed_at END",
}
"""What the new columns are of what is there. A row keeps the ids that its mail or webhook has had."""

_SQLITE_ID = "lower(hex(randomblob(16)))"
_SQLITE_SUBMISSION = " || '-' || ".join(
    f"substr(submission_id, {start}, {length})" for start, length in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
)


def upgrade() -> None:
    """Rename the table, and add the columns."""
    for kind in _COUNTED:
        op.drop_index(f"confirmations_by_{kind}", "confirmations")
    (_upgrade_postgresql if op.get_bind().dialect.name == "postgresql" else _upgrade_sqlite)()
    op.execute("UPDATE deliveries SET channel = 'confirmation' WHERE channel = 'email'")
    for kind, column in _COUNTED.items():
        _index(f"deliveries_by_{kind}", "deliveries", column, "counted_at", "counted_at IS NOT NULL")


def lost(connection: sa.Connection) -> list[str]:
    """Return what was asked for apart from its submission, and what is being sent now: nobody could record it."""
    state, lease_until = sa.column("state", sa.Text), sa.column("lease_until", UtcTimestamp)
    held = sa.select(sa.func.count()).select_from(sa.table("deliveries", state, lease_until))
    sending = connection.scalar(held.where(state == "sending", lease_until > datetime.now(UTC)))
    requested = f"replace(CAST(request AS text), '-', '') <> '{_NO_REQUEST.replace('-', '')}'"
    found = lost_rows(connection, {"deliveries that somebody requested": f"deliveries WHERE {requested}"})
    return found + (
        [f"the record of {sending} deliveries that are being sent now: stop notify first"] if sending else []
    )


def downgrade() -> None:
    """Take it back; what was asked for apart from its submission is forgotten."""
    for kind in _COUNTED:
        op.drop_index(f"deliveries_by_{kind}", "deliveries")
    op.execute(f"DELETE FROM deliveries WHERE request <> {_literal(_NO_REQUEST)}")  # noqa: S608
    op.execute("UPDATE deliveries SET channel = 'email' WHERE channel = 'confirmation'")
    op.execute("UPDATE deliveries SET form = NULL WHERE counted_at IS NULL")
    (_downgrade_postgresql if op.get_bind().dialect.name == "postgresql" else _downgrade_sqlite)()
    for kind, column in _COUNTED.items():
        _index(f"confirmations_by_{kind}", "confirmations", column, "claimed_at", f"{column} IS NOT NULL")


def _upgrade_postgresql() -> None:
    op.drop_constraint("confirmations_pkey", "confirmations")
    op.rename_table("confirmations", "deliveries")
    op.execute("ALTER TABLE deliveries RENAME CONSTRAINT confirmations_state_known TO deliveries_state_known")
    op.add_column("deliveries", sa.Column("id", sa.Uuid, server_default=sa.func.gen_random_uuid(), nullable=False))
    op.add_column("deliveries", sa.Column("request", sa.Uuid, server_default=_NO_REQUEST, nullable=False))
    op.alter_column("deliveries", "id", server_default=None)
    op.alter_column("deliveries", "request", server_default=None)
    for name in ("destination_shown", "provider_id"):
        op.add_column("deliveries", sa.Column(name, sa.Text))
    for name in ("due_at", "next_attempt_at", "counted_at", "created_at", "sent_at"):
        op.add_column("deliveries", sa.Column(name, UtcTimestamp))
    added = ", ".join(f"{name} = {value.format(id='submission_id::text')}" for name, value in _ADDED.items())
    op.execute(f"UPDATE deliveries SET {added}")  # noqa: S608
    op.drop_column("deliveries", "claimed_at")
    op.alter_column("deliveries", "destination_shown", nullable=False)
    op.alter_column("deliveries", "created_at", nullable=False)
    op.create_primary_key(op.f("deliveries_pkey"), "deliveries", ["id"])
    op.create_unique_constraint(
        op.f("deliveries_asked_once"), "deliveries", ["submission_id", "channel", "destination_hash", "request"]
    )


def _upgrade_sqlite() -> None:
    """Make the table anew and drop the old one: SQLite changes no key of a table."""
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Uuid, nullable=False),
        *_columns(),
        sa.Column("destination_shown", sa.Text, nullable=False),
        sa.Column("request", sa.Uuid, nullable=False),
        sa.Column("provider_id", sa.Text),
        *(sa.Column(name, UtcTimestamp) for name in ("due_at", "next_attempt_at", "counted_at", "sent_at")),
        sa.Column("created_at", UtcTimestamp, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("deliveries_pkey")),
        sa.UniqueConstraint(
            *("submission_id", "channel", "destination_hash", "request"), name=op.f("deliveries_asked_once")
        ),
        sa.CheckConstraint(_STATES, name=op.f("deliveries_state_known")),
    )
    names = ", ".join(("id", "request", *_KEPT, *_ADDED))
    given = (value.format(id=f"({_SQLITE_SUBMISSION})") for value in _ADDED.values())
    values = ", ".join((_SQLITE_ID, _literal(_NO_REQUEST), *_KEPT, *given))
    op.execute(f"INSERT INTO deliveries ({names}) SELECT {values} FROM confirmations")  # noqa: S608
    op.drop_table("confirmations")


def _downgrade_postgresql() -> None:
    op.drop_constraint("deliveries_asked_once", "deliveries")
    op.drop_constraint("deliveries_pkey", "deliveries")
    op.rename_table("deliveries", "confirmations")
    op.execute("ALTER TABLE confirmations RENAME CONSTRAINT deliveries_state_known TO confirmations_state_known")
    op.add_column("confirmations", sa.Column("claimed_at", UtcTimestamp))
    op.execute("UPDATE confirmations SET claimed_at = COALESCE(counted_at, created_at)")
    for name in ("id", "request", "next_attempt_at", *_ADDED):
        op.drop_column("confirmations", name)
    op.create_primary_key(op.f("confirmations_pkey"), "confirmations", ["submission_id", "channel", "destination_hash"])


def _downgrade_sqlite() -> None:
    op.create_table(
        "confirmations",
        *_columns(),
        sa.Column("claimed_at", UtcTimestamp),
        sa.PrimaryKeyConstraint("submission_id", "channel", "destination_hash", name=op.f("confirmations_pkey")),
        sa.CheckConstraint(_STATES, name=op.f("confirmations_state_known")),
    )
    kept = ", ".join(_KEPT)
    op.execute(
        f"INSERT INTO confirmations ({kept}, claimed_at) "  # noqa: S608
        f"SELECT {kept}, COALESCE(counted_at, created_at) FROM deliveries"
    )
    op.drop_table("deliveries")


def _columns() -> Sequence[sa.Column[object]]:
    """Return the columns that the table has had."""
    return [
        sa.Column("submission_id", sa.Uuid, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("destination_hash", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("owner", sa.Uuid),
        sa.Column("lease_until", UtcTimestamp),
        sa.Column("last_error", sa.Text),
        sa.Column("changed_at", UtcTimestamp, nullable=False),
        *(sa.Column(name, sa.Text) for name in _COUNTED.values()),
    ]


def _literal(uuid: str) -> str:
    """Return a UUID as the database keeps it: SQLite without its hyphens."""
    return f"'{uuid}'" if op.get_bind().dialect.name == "postgresql" else f"'{uuid.replace('-', '')}'"


def _index(name: str, table: str, column: str, moment: str, counted: str) -> None:
    where = sa.text(counted)
    op.create_index(name, table, [column, moment], postgresql_where=where, sqlite_where=where)
