"""Mails that tell an owner of several submissions, and the deliveries that wait for one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.database import UtcTimestamp, lost_rows

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_STATES = "'failed', 'held', 'cancelled', 'suppressed', 'bounced'"
_TOLD = "(told IS NOT NULL OR state IN ({})){} AND (told IS NULL OR told <> CASE WHEN {} THEN 'pending' ELSE state END)"
_UNDER_WAY = "state IN ('pending', 'sending', 'retrying')"
_GATHERED = "state = 'held' AND last_error IN ('digest', 'many')"
_BEFORE = _TOLD.format(_STATES, "", _UNDER_WAY)
_SINCE = _TOLD.format(
    _STATES,
    " AND (told IS NOT NULL OR state <> 'held' OR last_error IS NULL OR last_error NOT IN ('digest', 'many'))",
    f"{_UNDER_WAY} OR {_GATHERED}",
)


def upgrade() -> None:
    """Make the tables, and let storage hear nothing of what waits for such a mail."""
    _find_untold(_SINCE)
    _make_items()
    _make_digests()
    op.create_table(
        "owner_windows",
        sa.Column("form", sa.Text, nullable=False),
        sa.Column("address_hash", sa.Text, nullable=False),
        sa.Column("began_at", UtcTimestamp, nullable=False),
        sa.Column("mails", sa.Integer, nullable=False),
        sa.Column("is_quiet", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("form", "address_hash", name=op.f("owner_windows_pkey")),
    )


def lost(connection: sa.Connection) -> list[str]:
    """Return what only this version knows what to do with."""
    waiting = "submissions that wait for one mail about several, and whose owner would get none"
    return lost_rows(connection, {waiting: "digest_items"})


def downgrade() -> None:
    """Take it back. What waits is held as it was, which nobody but a person ends: a request sends it."""
    for name in ("owner_windows", "digests", "digest_items"):
        op.drop_table(name)
    _find_untold(_BEFORE)


def _find_untold(condition: str) -> None:
    op.drop_index("deliveries_untold", "deliveries")
    where = sa.text(condition)
    op.create_index("deliveries_untold", "deliveries", ["id"], postgresql_where=where, sqlite_where=where)


def _make_items() -> None:
    op.create_table(
        "digest_items",
        sa.Column("delivery_id", sa.Uuid, nullable=False),
        sa.Column("submission_id", sa.Uuid, nullable=False),
        sa.Column("form", sa.Text, nullable=False),
        sa.Column("address_hash", sa.Text, nullable=False),
        sa.Column("schedule", sa.Text, nullable=False),
        sa.Column("accepted_at", UtcTimestamp, nullable=False),
        sa.Column("due_at", UtcTimestamp, nullable=False),
        sa.Column("origin", sa.Text),
        sa.Column("digest", sa.Uuid),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("digest_items_pkey")),
    )
    waits = sa.text("digest IS NULL")
    columns = ["form", "address_hash", "schedule", "due_at"]
    op.create_index("digest_items_waiting", "digest_items", columns, postgresql_where=waits, sqlite_where=waits)
    op.create_index("digest_items_by_digest", "digest_items", ["digest", "accepted_at", "delivery_id"])


def _make_digests() -> None:
    op.create_table(
        "digests",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("form", sa.Text, nullable=False),
        sa.Column("address_hash", sa.Text, nullable=False),
        sa.Column("schedule", sa.Text, nullable=False),
        sa.Column("made_at", UtcTimestamp, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_attempt_at", UtcTimestamp),
        sa.Column("owner", sa.Uuid),
        sa.Column("lease_until", UtcTimestamp),
        sa.Column("last_error", sa.Text),
        sa.Column("sent_at", UtcTimestamp),
        sa.PrimaryKeyConstraint("id", name=op.f("digests_pkey")),
    )
    is_open = sa.text("sent_at IS NULL")
    columns = ["form", "address_hash"]
    op.create_index("digests_open", "digests", columns, unique=True, postgresql_where=is_open, sqlite_where=is_open)
    op.create_index("digests_by_sending", "digests", [*columns, "sent_at"])
