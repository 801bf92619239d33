"""Retention: rules, pauses, and an audit of which what is old can be removed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.database import UtcTimestamp, lost_rows

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_KEPT = "the audit is kept as it is"
_POSTGRESQL = (
    "DROP TRIGGER audit_is_kept ON audit",
    (
        "CREATE TRIGGER audit_is_kept BEFORE UPDATE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_kept()"
    ),
    (
        "CREATE TRIGGER audit_of_a_month_is_kept BEFORE DELETE ON audit FOR EACH ROW "
        "WHEN (OLD.at > now() - interval '30 days') EXECUTE FUNCTION audit_is_kept()"
    ),
)
_POSTGRESQL_BEFORE = (
    "DROP TRIGGER audit_of_a_month_is_kept ON audit",
    "DROP TRIGGER audit_is_kept ON audit",
    (
        "CREATE TRIGGER audit_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_kept()"
    ),
)
_SQLITE = (
    "DROP TRIGGER audit_is_kept_delete",
    (
        "CREATE TRIGGER audit_is_kept_delete BEFORE DELETE ON audit "
        "WHEN OLD.at > strftime('%Y-%m-%dT%H:%M:%f', 'now', '-30 days') "
        f"BEGIN SELECT RAISE(ABORT, '{_KEPT}'); END"
    ),
)
_SQLITE_BEFORE = (
    "DROP TRIGGER audit_is_kept_delete",
    f"CREATE TRIGGER audit_is_kept_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, '{_KEPT}'); END",
)


def upgrade() -> None:
    """Make the tables, empty, and let lines of the audit go that are older than 30 days."""
    op.create_table(
        "retention_rules",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("form", "what")),
        sa.Column("days", sa.Integer),
        sa.Column("action", sa.Text),
        sa.Column("asked_days", sa.Integer),
        sa.Column("asked_action", sa.Text),
        *(sa.Column(name, UtcTimestamp) for name in ("asked_at", "done_to", "run_began_at")),
        sa.Column("run_count", sa.Integer, nullable=False),
        sa.Column("last_ended_at", UtcTimestamp),
        sa.Column("last_count", sa.Integer),
        sa.PrimaryKeyConstraint("form", "what", name=op.f("retention_rules_pkey")),
    )
    op.create_table(
        "retention_pauses",
        sa.Column("form", sa.Text, nullable=False),
        sa.Column("at", UtcTimestamp, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("form", name=op.f("retention_pauses_pkey")),
    )
    _execute(_POSTGRESQL, _SQLITE)


def lost(connection: sa.Connection) -> list[str]:
    """Return what owners said: the version before erases nothing by itself, and this one would not know it again."""
    return lost_rows(connection, {"pauses of retention": "retention_pauses"})


def downgrade() -> None:
    """Remove them; the audit is kept whole again."""
    _execute(_POSTGRESQL_BEFORE, _SQLITE_BEFORE)
    op.drop_table("retention_pauses")
    op.drop_table("retention_rules")


def _execute(on_postgresql: tuple[str, ...], on_sqlite: tuple[str, ...]) -> None:
    for statement in on_postgresql if op.get_bind().dialect.name == "postgresql" else on_sqlite:
        op.execute(statement)
