"""Defines the tables of jobs: what is done to many submissions, a few at a time."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
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


class JobTables:
    """The tables, in the metadata of a service.

    `jobs` has one row a job. Who asked is `asker`, with the `scopes` and `forms` of that moment (null: all). `query` is
    what was asked for, at `moment` and in `zone`; null where ids were given. `done` is how many of the `total` in its
    set have been looked at, and the place to go on from. `holder` works on it until `held_until`; `turn_at` is when it
    was worked on last; `deaths` counts those who ended while they did, since the last step.

    `job_sets` has the ids of a job's set, in its order: a thousand a row, 16 bytes each. What a job changed, the trail
    of the submissions says.
    """

    def __init__(self, metadata: MetaData) -> None:
        self.jobs = Table(
            "jobs",
            metadata,
            Column("id", Uuid, nullable=False),
            Column("kind", Text, nullable=False),
            Column("asker", Text, nullable=False),
            Column("scopes", JSON, nullable=False),
            Column("forms", JSON(none_as_null=True)),
            Column("source", Text),
            Column("request", Text, nullable=False),
            Column("query", Text),
            Column("moment", UtcTimestamp, nullable=False),
            Column("zone", Text, nullable=False),
            Column("action", JSON, nullable=False),
            Column("state", Text, nullable=False),
            Column("total", Integer, nullable=False),
            Column("done", Integer, nullable=False),
            Column("changed", Integer, nullable=False),
            Column("failed", Integer, nullable=False),
            Column("error", Text),
            Column("stopping", Boolean, nullable=False),
            Column("undo_of", Uuid),
            Column("holder", Uuid),
            Column("held_until", UtcTimestamp),
            Column("deaths", Integer, nullable=False),
            Column("created_at", UtcTimestamp, nullable=False),
            Column("turn_at", UtcTimestamp, nullable=False),
            Column("finished_at", UtcTimestamp),
            PrimaryKeyConstraint("id"),
        )
        c = self.jobs.c
        is_open = c.finished_at.is_(None)
        Index("jobs_open", c.turn_at, postgresql_where=is_open, sqlite_where=is_open)
        Index("jobs_by_asker", c.asker, c.created_at, c.id)
        Index("jobs_by_creation", c.created_at, c.id)
        self.sets = Table(
            "job_sets",
            metadata,
            Column("job", Uuid, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
            Column("number", Integer, nullable=False),
            Column("ids", LargeBinary, nullable=False),
            PrimaryKeyConstraint("job", "number"),
        )
