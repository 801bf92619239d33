"""Defines the tables of mails that tell an owner of several submissions."""

from __future__ import annotations

from sqlalchemy import (
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


class DigestTables:
    """The tables, in the metadata of the service.

    `digest_items` has a row for each delivery that waits for such a mail: that to `address_hash`, by what its form said
    of its `schedule`, which goes at `due_at`. `digest` is the mail that it stands in, once there is one. `origin` is
    where the gateway is reached, for the link that ends such mails. The delivery is held meanwhile, as `digest` or
    `many` (`deliveries.states.GATHERED`).

    `digests` has a row for each such mail, with the life of a delivery: `owner` and `lease_until` while it is being
    sent, `last_error` once a try has failed. While it is not sent, no other goes to that address about that form.

    `owner_windows` counts the mails to one owner about one form, in the ten minutes from `began_at` on. In a window
    that `is_quiet`, all of them wait: in the one before there were too many.
    """

    def __init__(self, metadata: MetaData) -> None:
        self.items = _items(metadata)
        self.digests = _digests(metadata)
        self.windows = Table(
            "owner_windows",
            metadata,
            Column("form", Text, nullable=False),
            Column("address_hash", Text, nullable=False),
            Column("began_at", UtcTimestamp, nullable=False),
            Column("mails", Integer, nullable=False),
            Column("is_quiet", Boolean, nullable=False),
            PrimaryKeyConstraint("form", "address_hash"),
        )


def _items(metadata: MetaData) -> Table:
    made = Table(
        "digest_items",
        metadata,
        Column("delivery_id", Uuid, nullable=False),
        Column("submission_id", Uuid, nullable=False),
        Column("form", Text, nullable=False),
        Column("address_hash", Text, nullable=False),
        Column("schedule", Text, nullable=False),
        Column("accepted_at", UtcTimestamp, nullable=False),
        Column("due_at", UtcTimestamp, nullable=False),
        Column("origin", Text),
        Column("digest", Uuid),
        PrimaryKeyConstraint("delivery_id"),
    )
    waits = made.c.digest.is_(None)
    Index(
        "digest_items_waiting",
        *(made.c[name] for name in ("form", "address_hash", "schedule", "due_at")),
        postgresql_where=waits,
        sqlite_where=waits,
    )
    Index("digest_items_by_digest", made.c.digest, made.c.accepted_at, made.c.delivery_id)
    return made


def _digests(metadata: MetaData) -> Table:
    made = Table(
        "digests",
        metadata,
        Column("id", Uuid, nullable=False),
        Column("form", Text, nullable=False),
        Column("address_hash", Text, nullable=False),
        Column("schedule", Text, nullable=False),
        Column("made_at", UtcTimestamp, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("next_attempt_at", UtcTimestamp),
        Column("owner", Uuid),
        Column("lease_until", UtcTimestamp),
        Column("last_error", Text),
        Column("sent_at", UtcTimestamp),
        PrimaryKeyConstraint("id"),
    )
    is_open = made.c.sent_at.is_(None)
    Index("digests_open", made.c.form, made.c.address_hash, unique=True, postgresql_where=is_open, sqlite_where=is_open)
    Index("digests_by_sending", made.c.form, made.c.address_hash, made.c.sent_at)
    return made
