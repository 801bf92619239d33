"""Confirmations that a cap holds back, and what they are counted by: their source and their form, too."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.database import UtcTimestamp

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_KNOWN = ("pending", "sending", "retrying", "sent", "failed")
_COUNTED = {"recipient": "recipient_hash", "source": "source_hash", "form": "form"}
_COLUMNS = "submission_id, channel, destination_hash, state, attempts, owner, lease_until, last_error, changed_at"


def upgrade() -> None:
    """Add the columns, null in every row there is, and the state."""
    op.add_column("confirmations", sa.Column("source_hash", sa.Text))
    op.add_column("confirmations", sa.Column("form", sa.Text))
    _know((*_KNOWN, "held"), further=("source_hash", "form"))
    _index("source", "form")


def downgrade() -> None:
    """Remove them; what was held is pending, and is sent once its message comes back."""
    op.execute("UPDATE confirmations SET state = 'pending', last_error = NULL WHERE state = 'held'")
    op.drop_index("confirmations_by_source", "confirmations")
    op.drop_index("confirmations_by_form", "confirmations")
    op.drop_column("confirmations", "source_hash")
    op.drop_column("confirmations", "form")
    _know(_KNOWN)


def _know(states: Sequence[str], further: Sequence[str] = ()) -> None:
    """Let rows have these states. SQLite changes no constraint of a table: there it is made anew."""
    listed = ", ".join(f"'{state}'" for state in states)
    known = sa.CheckConstraint(f"state IN ({listed})", name=op.f("confirmations_state_known"))
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("confirmations_state_known", "confirmations")
        op.create_check_constraint(op.f("confirmations_state_known"), "confirmations", known.sqltext)
        return
    columns = ", ".join((_COLUMNS, "recipient_hash", "claimed_at", *further))
    op.drop_index("confirmations_by_recipient", "confirmations")
    op.rename_table("confirmations", "confirmations_before")
    op.create_table(
        "confirmations",
        sa.Column("submission_id", sa.Uuid, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("destination_hash", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("owner", sa.Uuid),
        sa.Column("lease_until", UtcTimestamp),
        sa.Column("last_error", sa.Text),
        sa.Column("changed_at", UtcTimestamp, nullable=False),
        sa.Column("recipient_hash", sa.Text),
        sa.Column("claimed_at", UtcTimestamp),
        *(sa.Column(name, sa.Text) for name in further),
        sa.PrimaryKeyConstraint("submission_id", "channel", "destination_hash", name=op.f("confirmations_pkey")),
        known,
    )
    op.execute(f"INSERT INTO confirmations ({columns}) SELECT {columns} FROM confirmations_before")  # noqa: S608
    op.drop_table("confirmations_before")
    _index("recipient")


def _index(*kinds: str) -> None:
    for kind in kinds:
        counted = sa.text(f"{_COUNTED[kind]} IS NOT NULL")
        op.create_index(
            f"confirmations_by_{kind}",
            "confirmations",
            [_COUNTED[kind], "claimed_at"],
            postgresql_where=counted,
            sqlite_where=counted,
        )
