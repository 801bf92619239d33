"""The tables. Migrations make them; a test compares the two."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, Integer, MetaData, PrimaryKeyConstraint, Table, Text, Uuid

from shared.database import Migrations, UtcTimestamp
from shared.parked.tables import ParkedTables

metadata = MetaData(naming_convention={"pk": "%(table_name)s_pkey", "ck": "%(table_name)s_%(constraint_name)s"})

confirmations = Table(
    "confirmations",
    metadata,
    Column("submission_id", Uuid, nullable=False),
    Column("channel", Text, nullable=False),
    Column("destination_hash", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("owner", Uuid),
    Column("lease_until", UtcTimestamp),
    Column("last_error", Text),
    Column("changed_at", UtcTimestamp, nullable=False),
    Column("recipient_hash", Text),
    Column("claimed_at", UtcTimestamp),
    Column("source_hash", Text),
    Column("form", Text),
    PrimaryKeyConstraint("submission_id", "channel", "destination_hash"),
    CheckConstraint("state IN ('pending', 'sending', 'retrying', 'held', 'sent', 'failed')", name="state_known"),
)
"""One row a confirmation. `owner` and `lease_until` are set while it is `sending`; the address is not kept.

`claimed_at` is when it was claimed first, and never changes; `recipient_hash`, `source_hash` and `form` are set where
it counts against the cap of each. What is `held` counts for nothing: `last_error` says which cap holds it, `changed_at`
since when, and `claimed_at` becomes the moment at which it is let go.
"""

for _counted, _name in (
    (confirmations.c.recipient_hash, "confirmations_by_recipient"),
    (confirmations.c.source_hash, "confirmations_by_source"),
    (confirmations.c.form, "confirmations_by_form"),
):
    Index(
        _name,
        _counted,
        confirmations.c.claimed_at,
        postgresql_where=_counted.is_not(None),
        sqlite_where=_counted.is_not(None),
    )

PARKED = ParkedTables("notify", metadata)

MIGRATIONS = Migrations("notify_service:migrations", "notify_alembic_version", metadata)
