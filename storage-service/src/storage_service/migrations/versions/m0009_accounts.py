"""Accounts: who may sign in to the console, by what, and who is signed in."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from shared.database import UtcTimestamp, lost_rows

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, empty."""
    _create_users()
    _create_sessions()
    _create_ways_in()
    _create_links()
    _create(
        "pending",
        ["hash"],
        _text("hash"),
        _text("kind"),
        sa.Column("data", sa.JSON, nullable=False),
        _moment("expires_at"),
    )
    op.create_index("pending_by_end", "pending", ["expires_at"])
    _create(
        "sign_in_tries", ["key"], _text("key"), sa.Column("failures", sa.Integer, nullable=False), _moment("last_at")
    )
    op.create_index("sign_in_tries_by_last", "sign_in_tries", ["last_at"])
    value = sa.Column("value", sa.LargeBinary, nullable=False)
    _create("console_secrets", ["name"], _text("name"), value, _moment("made_at"))


def _create(name: str, key: list[str], *columns: Any) -> None:
    op.create_table(name, *columns, sa.PrimaryKeyConstraint(*key, name=op.f(f"{name}_pkey")))


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, UtcTimestamp, nullable=False)


def _id(name: str = "id") -> sa.Column[Any]:
    return sa.Column(name, sa.Uuid, nullable=False)


def _of_a_user(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f(f"{table}_user_id_fkey"), ondelete="CASCADE")


def _create_users() -> None:
    _create(
        "users",
        ["id"],
        _id(),
        _text("email"),
        _text("folded"),
        sa.Column("grants", sa.JSON, nullable=False),
        sa.Column("is_owner", sa.Boolean, nullable=False),
        sa.Column("password", sa.Text),
        sa.Column("time_zone", sa.Text),
        _moment("created_at"),
        sa.Column("last_seen_at", UtcTimestamp),
        sa.Column("ended_at", UtcTimestamp),
    )
    goes_on = sa.text("ended_at IS NULL")
    op.create_index(
        "users_by_address", "users", ["folded"], unique=True, postgresql_where=goes_on, sqlite_where=goes_on
    )


def _create_sessions() -> None:
    _create(
        "sessions",
        ["id"],
        _id(),
        _text("hash"),
        _id("user_id"),
        _text("method"),
        _moment("began_at"),
        _moment("seen_at"),
        sa.Column("source", sa.Text),
        sa.Column("agent", sa.Text),
        _of_a_user("sessions"),
    )
    op.create_index("sessions_by_hash", "sessions", ["hash"], unique=True)
    op.create_index("sessions_by_user", "sessions", ["user_id"])
    op.create_index("sessions_by_beginning", "sessions", ["began_at"])
    _create("devices", ["hash"], _text("hash"), _id("user_id"), _moment("seen_at"), _of_a_user("devices"))
    op.create_index("devices_by_user", "devices", ["user_id", "seen_at"])


def _create_ways_in() -> None:
    _create(
        "passkeys",
        ["id"],
        _id(),
        _id("user_id"),
        sa.Column("credential", sa.LargeBinary, nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("counter", sa.BigInteger, nullable=False),
        sa.Column("transports", sa.JSON, nullable=False),
        sa.Column("is_backed_up", sa.Boolean, nullable=False),
        _text("name"),
        _moment("created_at"),
        sa.Column("last_used_at", UtcTimestamp),
        _of_a_user("passkeys"),
    )
    op.create_index("passkeys_by_credential", "passkeys", ["credential"], unique=True)
    op.create_index("passkeys_by_user", "passkeys", ["user_id"])
    _create(
        "identities",
        ["issuer", "subject"],
        _text("issuer"),
        _text("subject"),
        _id("user_id"),
        _moment("created_at"),
        _of_a_user("identities"),
    )
    op.create_index("identities_by_user", "identities", ["user_id"])


def _create_links() -> None:
    _create(
        "account_links",
        ["id"],
        _id(),
        _text("hash"),
        _text("purpose"),
        _text("email"),
        _text("folded"),
        sa.Column("grants", sa.JSON(none_as_null=True)),
        _text("by"),
        _moment("created_at"),
        _moment("expires_at"),
    )
    op.create_index("account_links_by_hash", "account_links", ["hash"], unique=True)
    op.create_index("account_links_by_address", "account_links", ["purpose", "folded"], unique=True)


def lost(connection: sa.Connection) -> list[str]:
    """Return who can sign in: nobody can any more. Keys go on."""
    return lost_rows(connection, {"accounts": "users WHERE ended_at IS NULL"})


def downgrade() -> None:
    """Remove them, with all that is in them."""
    ways_in = ("sessions", "devices", "passkeys", "identities")
    for name in ("console_secrets", "sign_in_tries", "pending", "account_links", *ways_in, "users"):
        op.drop_table(name)
