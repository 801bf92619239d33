"""Defines the tables of deliveries: what notify told of them, and who asked to send what again."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, MetaData, PrimaryKeyConstraint, Table, Text, Uuid

from shared.database import UtcTimestamp


def delivery_states_table(metadata: MetaData) -> Table:
    """One row for each delivery that notify has told of: those that failed or were held, whatever became of them since,
    and those that somebody requested. See `contracts.DeliveryState`. `asked` is the request to send it again, until
    notify tells something newer of it. A submission may not be stored yet, or be none of this database's.
    """
    return Table(
        "delivery_states",
        metadata,
        Column("delivery_id", Uuid, nullable=False),
        Column("submission_id", Uuid, nullable=False),
        Column("form", Text),
        Column("channel", Text, nullable=False),
        Column("destination_shown", Text, nullable=False),
        Column("request", Uuid, nullable=False),
        Column("state", Text, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("reason", Text),
        Column("words", Text),
        Column("changed_at", UtcTimestamp, nullable=False),
        Column("asked", Uuid),
        PrimaryKeyConstraint("delivery_id"),
        Index("delivery_states_by_submission", "submission_id"),
        Index("delivery_states_by_state", "state", "changed_at"),
    )


def delivery_requests_table(metadata: MetaData) -> Table:
    """Who asked to send what again: one delivery, or all that a channel has for a submission. `settled_at` is when
    notify told of the first that came of it.
    """
    return Table(
        "delivery_requests",
        metadata,
        Column("id", Uuid, nullable=False),
        Column("submission_id", Uuid, nullable=False),
        Column("channel", Text, nullable=False),
        Column("delivery_id", Uuid),
        Column("requested_by", Text, nullable=False),
        Column("requested_at", UtcTimestamp, nullable=False),
        Column("settled_at", UtcTimestamp),
        PrimaryKeyConstraint("id"),
        Index("delivery_requests_by_submission", "submission_id", "channel"),
    )
