"""Defines the tables of those who ask: their keys and hooks, what each did, and the views they saved."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)

from shared.database import UtcTimestamp


def api_keys_table(metadata: MetaData) -> Table:
    """Return the table of keys: one row for each that was ever made, also after its end, for the audit names it.

    `hash` is the SHA-256 of the key, which is kept nowhere. `scopes` are words of `accounts.asker.SCOPES`; `forms` are
    names, null for all.
    """
    return Table(
        "api_keys",
        metadata,
        Column("name", Text, nullable=False),
        Column("hash", Text, nullable=False),
        Column("scopes", JSON, nullable=False),
        Column("forms", JSON(none_as_null=True)),
        Column("created_at", UtcTimestamp, nullable=False),
        Column("expires_at", UtcTimestamp),
        Column("ended_at", UtcTimestamp),
        Column("last_used_at", UtcTimestamp),
        PrimaryKeyConstraint("name"),
        Index("api_keys_by_hash", "hash", unique=True),
    )


def audit_table(metadata: MetaData) -> Table:
    """Return the table of who did what, on which, from which address. Rows are added, and never changed."""
    return Table(
        "audit",
        metadata,
        Column("number", BigInteger().with_variant(Integer, "sqlite"), autoincrement=True, nullable=False),
        Column("at", UtcTimestamp, nullable=False),
        Column("who", Text, nullable=False),
        Column("action", Text, nullable=False),
        Column("target", Text),
        Column("how_many", Integer),
        Column("source", Text),
        PrimaryKeyConstraint("number"),
        Index("audit_by_who", "who", "number"),
        Index("audit_by_target", "target", "number"),
        Index("audit_by_action", "action", "number"),
    )


def views_table(metadata: MetaData) -> Table:
    """Return the table of saved views: of their `owner` alone, or `shared` with everybody who may read."""
    table = Table(
        "views",
        metadata,
        Column("id", Uuid, nullable=False),
        Column("owner", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("shared", Boolean, nullable=False),
        Column("query", Text, nullable=False),
        Column("columns", JSON, nullable=False),
        Column("zone", Text, nullable=False),
        Column("created_at", UtcTimestamp, nullable=False),
        Column("changed_at", UtcTimestamp, nullable=False),
        PrimaryKeyConstraint("id"),
    )
    Index("views_by_owner", table.c.owner, table.c.name, unique=True)
    Index("views_shared", table.c.name, postgresql_where=table.c.shared, sqlite_where=table.c.shared)
    return table


def hooks_table(metadata: MetaData) -> Table:
    """Return the table of hooks: where programs asked to be called, also after their end, for a while.

    `owner` is the name of the key that asked, `forms` are those that it is told of, null for all. `url` and `secret`
    are empty once it has ended; `shown` is the address's host. `told_at` is when notify was told last.
    """
    table = Table(
        "hooks",
        metadata,
        Column("id", Uuid, nullable=False),
        Column("version", Integer, nullable=False),
        Column("owner", Text, nullable=False),
        Column("url", Text, nullable=False),
        Column("shown", Text, nullable=False),
        Column("secret", Text, nullable=False),
        Column("events", JSON, nullable=False),
        Column("forms", JSON(none_as_null=True)),
        Column("created_at", UtcTimestamp, nullable=False),
        Column("expires_at", UtcTimestamp),
        Column("ended_at", UtcTimestamp),
        Column("ended_because", Text),
        Column("told_at", UtcTimestamp, nullable=False),
        PrimaryKeyConstraint("id"),
    )
    Index("hooks_by_owner", table.c.owner, table.c.created_at)
    Index("hooks_by_telling", table.c.told_at)
    return table
