"""What people do with submissions: state, star, labels, assignee, notes, replies, and the trail of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.database import UtcTimestamp, lost_rows

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_NEWEST_FIRST: list[str | sa.TextClause] = [sa.text("accepted_at DESC"), sa.text("id DESC")]
_COLUMNS = ("version", "replied_at", "assignee", "labels", "starred", "state")
_TABLES = ("submission_trail", "submission_notes", "submission_labels")
_INDEXES = ("submissions_replied", "submissions_by_assignee", "submissions_starred", "submissions_by_state")


def upgrade() -> None:
    """Add columns, which a service of the version before leaves to their defaults, and make the tables."""
    op.add_column("submissions", sa.Column("state", sa.Text, nullable=False, server_default="new"))
    op.add_column("submissions", sa.Column("starred", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("submissions", sa.Column("labels", sa.JSON, nullable=False, server_default="[]"))
    op.add_column("submissions", sa.Column("assignee", sa.Text))
    op.add_column("submissions", sa.Column("replied_at", UtcTimestamp))
    op.add_column("submissions", sa.Column("version", sa.Integer, nullable=False, server_default="1"))
    _create_index("submissions_by_state", ["state"])
    is_starred = sa.column("starred").is_(sa.true()).compile(dialect=op.get_bind().dialect)
    _create_index("submissions_starred", [], str(is_starred))
    _create_index("submissions_by_assignee", ["assignee"], "assignee IS NOT NULL")
    _create_index("submissions_replied", [], "replied_at IS NOT NULL")
    _create_labels()
    _create_notes()
    _create_trail()


def _create_index(name: str, columns: list[str], condition: str | None = None) -> None:
    where = None if condition is None else sa.text(condition)
    op.create_index(name, "submissions", [*columns, *_NEWEST_FIRST], postgresql_where=where, sqlite_where=where)


def _create_labels() -> None:
    op.create_table(
        "submission_labels",
        sa.Column("folded", sa.Text, nullable=False),
        _submission_id("submission_labels"),
        sa.PrimaryKeyConstraint("folded", "submission_id", name=op.f("submission_labels_pkey")),
    )
    op.create_index("submission_labels_by_submission", "submission_labels", ["submission_id"])


def _create_notes() -> None:
    op.create_table(
        "submission_notes",
        _submission_id("submission_notes"),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("at", UtcTimestamp, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("submission_id", "version", name=op.f("submission_notes_pkey")),
    )


def _create_trail() -> None:
    op.create_table(
        "submission_trail",
        _submission_id("submission_trail"),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("at", UtcTimestamp, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("changes", sa.JSON, nullable=False),
        sa.Column("job", sa.Uuid),
        sa.PrimaryKeyConstraint("submission_id", "version", name=op.f("submission_trail_pkey")),
    )
    has_job = sa.text("job IS NOT NULL")
    op.create_index(
        "submission_trail_by_job", "submission_trail", ["job"], postgresql_where=has_job, sqlite_where=has_job
    )


def _submission_id(table: str) -> sa.Column[object]:
    key = sa.ForeignKey("submissions.id", name=op.f(f"{table}_submission_id_fkey"), ondelete="CASCADE")
    return sa.Column("submission_id", sa.Uuid, key, nullable=False)


def lost(connection: sa.Connection) -> list[str]:
    """Return what people did: who did what is in the trail, and what they wrote. Versions begin anew later, and notify
    takes a verdict of a lower one for older."""
    marked = "submission_trail WHERE CAST(changes AS TEXT) LIKE '%\"spam\"%'"
    return lost_rows(
        connection,
        {
            "changes that people made to submissions, and who made them": "submission_trail",
            "notes on submissions": "submission_notes",
            "markings as spam or as none, of which notify then hears no later ones for these submissions": marked,
        },
    )


def downgrade() -> None:
    """Remove them, with all that is in them. What was marked as spam, or as none, stays so."""
    for name in _TABLES:
        op.drop_table(name)
    for name in _INDEXES:
        op.drop_index(name, "submissions")
    for name in _COLUMNS:
        op.drop_column("submissions", name)
