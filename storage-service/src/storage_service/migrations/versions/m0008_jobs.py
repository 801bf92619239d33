"""Jobs, which do something to many submissions, and saved views."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.database import UtcTimestamp, lost_rows

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _create_jobs()
    op.create_table(
        "job_sets",
        sa.Column("job", sa.Uuid, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("ids", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(["job"], ["jobs.id"], name=op.f("job_sets_job_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job", "number", name=op.f("job_sets_pkey")),
    )
    _create_views()


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("asker", sa.Text, nullable=False),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("forms", sa.JSON(none_as_null=True)),
        sa.Column("source", sa.Text),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("query", sa.Text),
        sa.Column("moment", UtcTimestamp, nullable=False),
        sa.Column("zone", sa.Text, nullable=False),
        sa.Column("action", sa.JSON, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("total", "done", "changed", "failed")),
        sa.Column("error", sa.Text),
        sa.Column("stopping", sa.Boolean, nullable=False),
        sa.Column("undo_of", sa.Uuid),
        sa.Column("holder", sa.Uuid),
        sa.Column("held_until", UtcTimestamp),
        sa.Column("deaths", sa.Integer, nullable=False),
        sa.Column("created_at", UtcTimestamp, nullable=False),
        sa.Column("turn_at", UtcTimestamp, nullable=False),
        sa.Column("finished_at", UtcTimestamp),
        sa.PrimaryKeyConstraint("id", name=op.f("jobs_pkey")),
    )
    is_open = sa.text("finished_at IS NULL")
    op.create_index("jobs_open", "jobs", ["turn_at"], postgresql_where=is_open, sqlite_where=is_open)
    op.create_index("jobs_by_asker", "jobs", ["asker", "created_at", "id"])
    op.create_index("jobs_by_creation", "jobs", ["created_at", "id"])


def _create_views() -> None:
    op.create_table(
        "views",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("shared", sa.Boolean, nullable=False),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("columns", sa.JSON, nullable=False),
        sa.Column("zone", sa.Text, nullable=False),
        sa.Column("created_at", UtcTimestamp, nullable=False),
        sa.Column("changed_at", UtcTimestamp, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("views_pkey")),
    )
    op.create_index("views_by_owner", "views", ["owner", "name"], unique=True)
    shared = sa.text("shared")
    op.create_index("views_shared", "views", ["name"], postgresql_where=shared, sqlite_where=shared)


def lost(connection: sa.Connection) -> list[str]:
    """Return what is not finished, and what people saved."""
    what = {"jobs that are not finished": "jobs WHERE finished_at IS NULL", "saved views": "views"}
    return lost_rows(connection, what)


def downgrade() -> None:
    """Remove them, with all that is in them. What jobs did stays done, and cannot be undone any more."""
    for name in ("views", "job_sets", "jobs"):
        op.drop_table(name)
