"""The sweep: who takes submissions, up to when all is settled, and what nobody seems to need."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.database import UtcTimestamp

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, empty, and an index by which a preview's file is found."""
    op.create_table(
        "storage_processes",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("beat", sa.Integer, nullable=False),
        sa.Column("beat_at", UtcTimestamp, nullable=False),
        sa.Column("oldest_s", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("storage_processes_pkey")),
    )
    op.create_table(
        "file_sweep",
        sa.Column("name", sa.Text, nullable=False),
        *(sa.Column(name, UtcTimestamp) for name in ("settled_from", "settled_at", "listed_for")),
        sa.PrimaryKeyConstraint("name", name=op.f("file_sweep_pkey")),
    )
    op.create_table(
        "file_orphans",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        *(sa.Column(name, UtcTimestamp, nullable=False) for name in ("put_at", "noted_at")),
        sa.PrimaryKeyConstraint("key", name=op.f("file_orphans_pkey")),
    )
    op.create_index("submission_files_by_hash", "submission_files", ["sha256"])


def downgrade() -> None:
    """Remove them. Nothing is lost: a sweep finds all of it again."""
    op.drop_index("submission_files_by_hash", "submission_files")
    op.drop_table("file_orphans")
    op.drop_table("file_sweep")
    op.drop_table("storage_processes")
