"""Keys that are kept by their hashes, and the audit of what each did."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.database import UtcTimestamp, lost_rows

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")

_POSTGRESQL = (
    (
        "CREATE FUNCTION audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit is kept as it is'; END $$"
    ),
    (
        "CREATE TRIGGER audit_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_kept()"
    ),
)
_SQLITE = tuple(
    f"CREATE TRIGGER audit_is_kept_{what} BEFORE {what} ON audit "
    "BEGIN SELECT RAISE(ABORT, 'the audit is kept as it is'); END"
    for what in ("update", "delete")
)


def upgrade() -> None:
    """Make the tables, empty."""
    op.create_table(
        "api_keys",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("forms", sa.JSON),
        sa.Column("created_at", UtcTimestamp, nullable=False),
        *(sa.Column(name, UtcTimestamp) for name in ("expires_at", "ended_at", "last_used_at")),
        sa.PrimaryKeyConstraint("name", name=op.f("api_keys_pkey")),
    )
    op.create_index("api_keys_by_hash", "api_keys", ["hash"], unique=True)
    op.create_table(
        "audit",
        sa.Column("number", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("at", UtcTimestamp, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("target", sa.Text),
        sa.Column("how_many", sa.Integer),
        sa.Column("source", sa.Text),
        sa.PrimaryKeyConstraint("number", name=op.f("audit_pkey")),
    )
    op.create_index("audit_by_who", "audit", ["who", "number"])
    op.create_index("audit_by_target", "audit", ["target", "number"])
    for statement in _POSTGRESQL if op.get_bind().dialect.name == "postgresql" else _SQLITE:
        op.execute(statement)


def lost(connection: sa.Connection) -> list[str]:
    """Return what is in them: keys end, and nobody knows any more who did what."""
    return lost_rows(connection, {"keys, which then end": "api_keys", "notes of who did what": "audit"})


def downgrade() -> None:
    """Remove them, with all that is in them."""
    op.drop_table("audit")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_is_kept()")
    op.drop_table("api_keys")
