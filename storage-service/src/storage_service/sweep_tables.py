"""Defines the tables of the sweep: who takes submissions, up to when all is settled, and what nobody seems to need."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Integer, MetaData, PrimaryKeyConstraint, Table, Text, Uuid

from shared.database import UtcTimestamp


class SweepTables:
    """The tables, in the metadata of a service; docs/decisions/0074-the-sweep.md says what they are for.

    `storage_processes` has a row for each process that takes submissions. `beat` grows with each sign of life, the last
    at `beat_at`; `oldest_s` is how many seconds before it the oldest channel was opened that deliveries come over.

    `file_sweep` has one row, once a console has a store of files. All that was published before `settled_from` was
    settled at `settled_at`. All keys of the store were looked at for the `settled_from` that is in `listed_for`.

    `file_orphans` has what no row named when it was looked at, at `noted_at`.
    """

    def __init__(self, metadata: MetaData) -> None:
        self.processes = Table(
            "storage_processes",
            metadata,
            Column("id", Uuid, nullable=False),
            Column("beat", Integer, nullable=False),
            Column("beat_at", UtcTimestamp, nullable=False),
            Column("oldest_s", Float, nullable=False),
            PrimaryKeyConstraint("id"),
        )
        self.sweep = Table(
            "file_sweep",
            metadata,
            Column("name", Text, nullable=False),
            Column("settled_from", UtcTimestamp),
            Column("settled_at", UtcTimestamp),
            Column("listed_for", UtcTimestamp),
            PrimaryKeyConstraint("name"),
        )
        self.orphans = Table(
            "file_orphans",
            metadata,
            Column("key", Text, nullable=False),
            Column("size", BigInteger, nullable=False),
            Column("put_at", UtcTimestamp, nullable=False),
            Column("noted_at", UtcTimestamp, nullable=False),
            PrimaryKeyConstraint("key"),
        )
