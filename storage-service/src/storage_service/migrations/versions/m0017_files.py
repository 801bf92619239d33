"""Files: what each is and where it lies, how many a submission has, and what is to be removed from the store."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.database import UtcTimestamp, lost_rows

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, empty, and the column, 0 in every row there is."""
    op.create_table(
        "submission_files",
        sa.Column(
            "submission_id",
            sa.Uuid,
            sa.ForeignKey("submissions.id", name=op.f("submission_files_submission_id_fkey"), ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("field", "name", "given", "type")),
        sa.Column("size", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("sha256", "key")),
        sa.Column("scan", sa.Text),
        sa.PrimaryKeyConstraint("submission_id", "fingerprint", "number", name=op.f("submission_files_pkey")),
    )
    op.create_index("submission_files_by_key", "submission_files", ["key"])
    _index("submission_files_unscanned", "submission_files", ["submission_id"], "scan = 'unscanned'")
    op.create_table(
        "file_removals",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("at", UtcTimestamp, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("file_removals_pkey")),
    )
    op.add_column("submissions", sa.Column("file_count", sa.Integer, nullable=False, server_default="0"))
    newest_first = [sa.text("accepted_at DESC"), sa.text("id DESC")]
    _index("submissions_with_files", "submissions", newest_first, "file_count > 0 AND erased_at IS NULL")


def lost(connection: sa.Connection) -> list[str]:
    """Return the files, and those that are still to be removed: nobody would know of either any more."""
    return lost_rows(connection, {"files of submissions": "submission_files", "files to be removed": "file_removals"})


def downgrade() -> None:
    """Remove the tables and the column. What lies in the store of files stays there."""
    op.drop_index("submissions_with_files", "submissions")
    op.drop_column("submissions", "file_count")
    op.drop_table("file_removals")
    op.drop_table("submission_files")


def _index(name: str, table: str, columns: list[str] | list[sa.TextClause], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, postgresql_where=where, sqlite_where=where)
