"""The tables. Migrations make them; a test compares the two."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from notify_service.digest_tables import DigestTables
from shared.database import Migrations, UtcTimestamp
from shared.database.leases import lease_columns
from shared.database.outbox import outbox_columns
from shared.parked.tables import ParkedTables

metadata = MetaData(naming_convention={"pk": "%(table_name)s_pkey", "ck": "%(table_name)s_%(constraint_name)s"})

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("submission_id", Uuid, nullable=False),
    Column("form", Text),
    Column("channel", Text, nullable=False),
    Column("destination_hash", Text, nullable=False),
    Column("destination_shown", Text, nullable=False),
    Column("request", Uuid, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcTimestamp),
    Column("next_attempt_at", UtcTimestamp),
    Column("last_error", Text),
    Column("provider_id", Text),
    Column("recipient_hash", Text),
    Column("source_hash", Text),
    Column("counted_at", UtcTimestamp),
    Column("owner", Uuid),
    Column("lease_until", UtcTimestamp),
    Column("created_at", UtcTimestamp, nullable=False),
    Column("changed_at", UtcTimestamp, nullable=False),
    Column("sent_at", UtcTimestamp),
    Column("published_again_at", UtcTimestamp),
    Column("requested_by", Text),
    Column("last_request", Uuid),
    Column("told", Text),
    Column("told_at", UtcTimestamp),
    Column("address_hash", Text),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("submission_id", "channel", "destination_hash", "request", name="deliveries_asked_once"),
    CheckConstraint(
        "state IN ('pending', 'sending', 'retrying', 'held', 'sent', 'failed', 'cancelled', 'suppressed', 'bounced')",
        name="state_known",
    ),
)
"""One row a delivery. `owner` and `lease_until` are set while it is `sending`; no address is kept whole.

`request` is all zeros for what the submission itself asks for. `counted_at` is when it was claimed first, and set where
it counts against the caps of `recipient_hash`, `source_hash` and `form`. What is `held` counts for nothing and is not
due: `last_error` says which cap holds it, `changed_at` since when. `form` is unknown where an earlier version wrote it.
`published_again_at` is when storage was last asked for the event of a delivery whose message is gone. `last_request` is
the request that made it, or made it pending again, and `requested_by` who asked: a cap counts none of these. `told` is
what storage knows of it, where it is out of the ordinary (`TOLD_STATE`), and `told_at` the moment that went with it.
`address_hash` is where a mail went to, by `shared.links.addresses.AddressKey.exactly`, once it was sent.
"""

TOLD_STATE = (
    "CASE WHEN state IN ('pending', 'sending', 'retrying') OR state = 'held' AND last_error IN ('digest', 'many') "
    "THEN 'pending' ELSE state END"
)
"""A state as storage is told it: what waits to be told of along with others is on its way."""

UNTOLD = text(
    "(told IS NOT NULL OR state IN ('failed', 'held', 'cancelled', 'suppressed', 'bounced')) "
    "AND (told IS NOT NULL OR state <> 'held' OR last_error IS NULL OR last_error NOT IN ('digest', 'many')) "
    f"AND (told IS NULL OR told <> {TOLD_STATE})"
)
"""What storage is to be told of: what is out of the ordinary, and whatever becomes of that. It is the condition of an
index, word for word, so that looking for it costs nothing where there is none."""

Index("deliveries_untold", deliveries.c.id, postgresql_where=UNTOLD, sqlite_where=UNTOLD)

Index("deliveries_by_creation", deliveries.c.created_at, deliveries.c.id)

Index(
    "deliveries_unsent",
    deliveries.c.state,
    deliveries.c.changed_at,
    deliveries.c.id,
    postgresql_where=deliveries.c.state != "sent",
    sqlite_where=deliveries.c.state != "sent",
)
"""What owners ask about, and what is looked through once a minute: few rows, in a table of millions."""

for _counted, _name in (
    (deliveries.c.recipient_hash, "deliveries_by_recipient"),
    (deliveries.c.source_hash, "deliveries_by_source"),
    (deliveries.c.form, "deliveries_by_form"),
):
    Index(
        _name,
        _counted,
        deliveries.c.counted_at,
        postgresql_where=deliveries.c.counted_at.is_not(None),
        sqlite_where=deliveries.c.counted_at.is_not(None),
    )

open_requests = Table(
    "open_requests",
    metadata,
    Column("delivery_id", Uuid, nullable=False),
    Column("request", Uuid, nullable=False),
    PrimaryKeyConstraint("delivery_id", "request"),
    Index("open_requests_by_request", "request"),
)
"""Requests whose place as `last_request` of a delivery another one has taken: they end with it, too."""

delivery_attempts = Table(
    "delivery_attempts",
    metadata,
    Column("delivery_id", Uuid, nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", UtcTimestamp, nullable=False),
    Column("took_ms", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("said", Text, nullable=False),
    PrimaryKeyConstraint("delivery_id", "number"),
    Index("delivery_attempts_by_time", "at"),
)
"""One row for each try, kept for 30 days. `at` is when it ended, `outcome` what was recorded of its delivery then:
sent, retrying, failed or suppressed; what came back has another, bounced or complained. `said` is what the other side
said, or why it said nothing: 500 characters at most."""

planned_submissions = Table(
    "planned_submissions",
    metadata,
    Column("submission_id", Uuid, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("planned_at", UtcTimestamp, nullable=False),
    Column("accepted_at", UtcTimestamp),
    PrimaryKeyConstraint("submission_id", "fingerprint"),
)
"""One row for each submission that is planned; another body under the same id is planned by itself.

`fingerprint` is `planning.planner.fingerprint`: of the fields, and of the address to confirm to. A request to send
again stands here, too, as `request <id>`. `accepted_at` is that of the submission, unknown where an earlier version
wrote the row: it tells what was erased from a later submission under the same id."""

erased = Table(
    "erased",
    metadata,
    Column("submission_id", Uuid, nullable=False),
    Column("at", UtcTimestamp, nullable=False),
    Column("noted_at", UtcTimestamp, nullable=False),
    PrimaryKeyConstraint("submission_id"),
    Index("erased_by_noting", "noted_at"),
)
"""Submissions that are erased, and when: of several erasures the last. Whatever comes of one later is dropped, where it
was accepted before: see `deliveries.erasures`. `noted_at` is when this service heard of it."""

account_mails = Table(
    "account_mails",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("expires_at", UtcTimestamp, nullable=False),
    Column("claimed_until", UtcTimestamp),
    Column("sent_at", UtcTimestamp),
    Column("address_hash", Text),
    Column("shown", Text),
    PrimaryKeyConstraint("id"),
)
"""Mails with links into accounts of the console: which were sent, and which somebody is sending. Neither an address nor
a link is kept: `address_hash` and `shown` are as of a delivery. `expires_at` is the end of the link; a week later the
row goes."""

verdicts = Table(
    "verdicts",
    metadata,
    Column("submission_id", Uuid, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("is_released", Boolean, nullable=False),
    Column("decided_at", UtcTimestamp, nullable=False),
    PrimaryKeyConstraint("submission_id"),
)
"""Submissions that an owner has released or withheld: the decision of the highest version."""

hooks = Table(
    "notify_hooks",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("url", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("events", JSON, nullable=False),
    Column("forms", JSON(none_as_null=True)),
    Column("expires_at", UtcTimestamp),
    Column("changed_at", UtcTimestamp, nullable=False),
    Column("is_ended", Boolean, nullable=False),
    PrimaryKeyConstraint("id"),
)
"""Notify's own copy of the hooks, as storage tells them: the highest version counts. One that has ended, or whose
address answered 410, has no address and no secret any more."""

IS_OF_A_HOOK = deliveries.c.channel == "hook"

Index(
    "deliveries_by_hook",
    deliveries.c.destination_hash,
    deliveries.c.state,
    deliveries.c.changed_at,
    postgresql_where=IS_OF_A_HOOK,
    sqlite_where=IS_OF_A_HOOK,
)
"""When a hook was last called, and with what success."""

suppressed_addresses = Table(
    "suppressed_addresses",
    metadata,
    Column("address_hash", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("stops", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("shown", Text, nullable=False),
    Column("at", UtcTimestamp, nullable=False),
    Column("by", Text),
    Column("said", Text),
    PrimaryKeyConstraint("address_hash", "form", "stops"),
    Index("suppressed_addresses_by_time", "at", "address_hash"),
)
"""Addresses that are sent no mail: by a keyed hash of their mailbox (`shared.links.addresses`), and as they are shown.

`form` is the one whose mails stop, empty for all; `stops` says which: `all`, or `digests` alone. `reason` is one of
`suppression.reasons.REASONS`, `by` who asked for it, `said` what a mail server said, or a note, 500 characters at
most. What stands here stays: a later reason changes nothing of an earlier one."""

mail_bounces = Table(
    "mail_bounces",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("mail_id", Uuid),
    Column("address_hash", Text),
    Column("kind", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("at", UtcTimestamp, nullable=False),
    PrimaryKeyConstraint("id"),
    Index("mail_bounces_by_address", "address_hash", "at"),
    Index("mail_bounces_by_mail", "mail_id"),
    Index("mail_bounces_by_time", "at"),
)
"""Bounces and complaints that were handled, kept for 30 days: what comes again is known, and several soft ones of an
address count. `mail_id` is the delivery's, or that of a mail with a link. `address_hash` goes once they counted."""

DIGESTS = DigestTables(metadata)

OUTBOX = Table("notify_outbox", metadata, *outbox_columns("notify_outbox"), sqlite_autoincrement=True)

LEASES = Table("notify_leases", metadata, *lease_columns("notify_leases"))

PARKED = ParkedTables("notify", metadata)

MIGRATIONS = Migrations("notify_service:migrations", "notify_alembic_version", metadata)
