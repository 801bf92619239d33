"""Creates the tables of submissions and of conflicts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.database import UtcTimestamp, lost_rows

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "submissions",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("form", sa.Text, nullable=False),
        sa.Column("accepted_at", UtcTimestamp, nullable=False),
        sa.Column("stored_at", UtcTimestamp, nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("source", sa.JSON, nullable=False),
        sa.Column("control", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("submissions_pkey")),
        sa.CheckConstraint("length(form) BETWEEN 1 AND 64", name=op.f("submissions_form_length")),
        sa.CheckConstraint("length(fingerprint) = 64", name=op.f("submissions_fingerprint_length")),
    )
    op.create_index("submissions_by_form", "submissions", ["form", sa.text("accepted_at DESC"), sa.text("id DESC")])
    op.create_table(
        "conflicts",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("accepted_at", UtcTimestamp, nullable=False),
        sa.Column("received_at", UtcTimestamp, nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("source", sa.JSON, nullable=False),
        sa.Column("control", sa.JSON, nullable=False),
        sa.ForeignKeyConstraint(["id"], ["submissions.id"], name=op.f("conflicts_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", "fingerprint", name=op.f("conflicts_pkey")),
        sa.CheckConstraint("length(fingerprint) = 64", name=op.f("conflicts_fingerprint_length")),
    )


def lost(connection: sa.Connection) -> list[str]:
    """Return what is stored."""
    return lost_rows(connection, {"submissions": "submissions", "conflicts": "conflicts"})


def downgrade() -> None:
    """Remove the tables, with all that is in them."""
    op.drop_table("conflicts")
    op.drop_table("submissions")
