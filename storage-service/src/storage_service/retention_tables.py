"""Defines the tables of retention: what the forms file said of it when, how far it has come, and where it is paused."""

from __future__ import annotations

from sqlalchemy import Column, Integer, MetaData, PrimaryKeyConstraint, Table, Text

from shared.database import UtcTimestamp


class RetentionTables:
    """The tables, in the metadata of a service.

    `retention_rules` has one row for each form of the file and each `what` of it, `submissions`, `unconfirmed` or
    `spam`, that is not kept for ever. `days` and `action` are what counts by now, both null for nothing yet.
    `asked_days` and `asked_action` are what the file says where that takes more, which was first seen at `asked_at`;
    else null. What was accepted before `done_to` was looked at. A run erased `run_count` since `run_began_at`; with
    null there none is going on. The last one that is over ended at `last_ended_at`, after `last_count`.

    `retention_pauses` has a row for each form whose rules are not applied, `*` for all: since when, and who said so.
    """

    def __init__(self, metadata: MetaData) -> None:
        self.rules = Table(
            "retention_rules",
            metadata,
            Column("form", Text, nullable=False),
            Column("what", Text, nullable=False),
            Column("days", Integer),
            Column("action", Text),
            Column("asked_days", Integer),
            Column("asked_action", Text),
            Column("asked_at", UtcTimestamp),
            Column("done_to", UtcTimestamp),
            Column("run_began_at", UtcTimestamp),
            Column("run_count", Integer, nullable=False),
            Column("last_ended_at", UtcTimestamp),
            Column("last_count", Integer),
            PrimaryKeyConstraint("form", "what"),
        )
        self.pauses = Table(
            "retention_pauses",
            metadata,
            Column("form", Text, nullable=False),
            Column("at", UtcTimestamp, nullable=False),
            Column("by", Text, nullable=False),
            PrimaryKeyConstraint("form"),
        )
