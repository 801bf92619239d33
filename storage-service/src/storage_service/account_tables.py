"""Defines the tables of accounts: who may sign in, by what, and who is signed in."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)

from shared.database import UtcTimestamp


class AccountTables:
    """The tables, in the metadata of a service. A `hash` is the SHA-256 of a random token that is kept nowhere.

    `users` has one row for each account that ever was. `folded` is the address as addresses are compared, once among
    those that have not ended; `grants` are what `accounts.roles` writes; `is_owner` says whether one of them makes an
    owner of the installation. `password` is what argon2 writes, null for none.

    `sessions` are those of browsers that are signed in, `devices` browsers that once were. `passkeys` and `identities`
    (of single sign-on) are further ways to sign in. `account_links` are invitations (`grants` are given) and resets of
    passwords. `pending` is what must come back once; `sign_in_tries` counts tries that failed, by whom and from where;
    `console_secrets` are made once, the same for every console.
    """

    def __init__(self, metadata: MetaData) -> None:
        self.users = _users(metadata)
        self.sessions = _sessions(metadata)
        self.devices = _devices(metadata)
        self.passkeys = _passkeys(metadata)
        self.identities = _identities(metadata)
        self.links = _links(metadata)
        self.pending = Table(
            "pending",
            metadata,
            Column("hash", Text, nullable=False),
            Column("kind", Text, nullable=False),
            Column("data", JSON, nullable=False),
            Column("expires_at", UtcTimestamp, nullable=False),
            PrimaryKeyConstraint("hash"),
            Index("pending_by_end", "expires_at"),
        )
        self.tries = Table(
            "sign_in_tries",
            metadata,
            Column("key", Text, nullable=False),
            Column("failures", Integer, nullable=False),
            Column("last_at", UtcTimestamp, nullable=False),
            PrimaryKeyConstraint("key"),
            Index("sign_in_tries_by_last", "last_at"),
        )
        self.secrets = Table(
            "console_secrets",
            metadata,
            Column("name", Text, nullable=False),
            Column("value", LargeBinary, nullable=False),
            Column("made_at", UtcTimestamp, nullable=False),
            PrimaryKeyConstraint("name"),
        )


def _users(metadata: MetaData) -> Table:
    table = Table(
        "users",
        metadata,
        Column("id", Uuid, nullable=False),
        Column("email", Text, nullable=False),
        Column("folded", Text, nullable=False),
        Column("grants", JSON, nullable=False),
        Column("is_owner", Boolean, nullable=False),
        Column("password", Text),
        Column("time_zone", Text),
        Column("created_at", UtcTimestamp, nullable=False),
        Column("last_seen_at", UtcTimestamp),
        Column("ended_at", UtcTimestamp),
        PrimaryKeyConstraint("id"),
    )
    goes_on = table.c.ended_at.is_(None)
    Index("users_by_address", table.c.folded, unique=True, postgresql_where=goes_on, sqlite_where=goes_on)
    return table


def _sessions(metadata: MetaData) -> Table:
    return Table(
        "sessions",
        metadata,
        Column("id", Uuid, nullable=False),
        Column("hash", Text, nullable=False),
        Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        Column("method", Text, nullable=False),
        Column("began_at", UtcTimestamp, nullable=False),
        Column("seen_at", UtcTimestamp, nullable=False),
        Column("source", Text),
        Column("agent", Text),
        PrimaryKeyConstraint("id"),
        Index("sessions_by_hash", "hash", unique=True),
        Index("sessions_by_user", "user_id"),
        Index("sessions_by_beginning", "began_at"),
    )


def _devices(metadata: MetaData) -> Table:
    return Table(
        "devices",
        metadata,
        Column("hash", Text, nullable=False),
        Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        Column("seen_at", UtcTimestamp, nullable=False),
        PrimaryKeyConstraint("hash"),
        Index("devices_by_user", "user_id", "seen_at"),
    )


def _passkeys(metadata: MetaData) -> Table:
    return Table(
        "passkeys",
        metadata,
        Column("id", Uuid, nullable=False),
        Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        Column("credential", LargeBinary, nullable=False),
        Column("public_key", LargeBinary, nullable=False),
        Column("counter", BigInteger, nullable=False),
        Column("transports", JSON, nullable=False),
        Column("is_backed_up", Boolean, nullable=False),
        Column("name", Text, nullable=False),
        Column("created_at", UtcTimestamp, nullable=False),
        Column("last_used_at", UtcTimestamp),
        PrimaryKeyConstraint("id"),
        Index("passkeys_by_credential", "credential", unique=True),
        Index("passkeys_by_user", "user_id"),
    )


def _identities(metadata: MetaData) -> Table:
    return Table(
        "identities",
        metadata,
        Column("issuer", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        Column("created_at", UtcTimestamp, nullable=False),
        PrimaryKeyConstraint("issuer", "subject"),
        Index("identities_by_user", "user_id"),
    )


def _links(metadata: MetaData) -> Table:
    return Table(
        "account_links",
        metadata,
        Column("id", Uuid, nullable=False),
        Column("hash", Text, nullable=False),
        Column("purpose", Text, nullable=False),
        Column("email", Text, nullable=False),
        Column("folded", Text, nullable=False),
        Column("grants", JSON(none_as_null=True)),
        Column("by", Text, nullable=False),
        Column("created_at", UtcTimestamp, nullable=False),
        Column("expires_at", UtcTimestamp, nullable=False),
        PrimaryKeyConstraint("id"),
        Index("account_links_by_hash", "hash", unique=True),
        Index("account_links_by_address", "purpose", "folded", unique=True),
    )
