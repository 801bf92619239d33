"""Defines the tables of the search index, which is derived from the submissions."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, MetaData, PrimaryKeyConstraint, Table, Text, Uuid
from sqlalchemy.dialects import postgresql

from shared.database import UtcTimestamp

_SORTED = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


class SearchTables:
    """The tables, in the metadata of a service.

    `search_entries` has one row for each submission that can be searched for; see `records.index`. Its tokens are in
    `search_words`, which is a table of another kind on each database: PostgreSQL's has a `tsvector`, SQLite's is one of
    FTS5.

    `search_fields` has one row for each field of these, as `records.index.entries.FieldEntry` says.

    `search_progress` has one row: which `version` of the code made the index, how many times it was begun anew, and up
    to which moment all that was stored is in it.
    """

    def __init__(self, metadata: MetaData) -> None:
        self.entries = Table(
            "search_entries",
            metadata,
            Column("number", BigInteger().with_variant(Integer, "sqlite"), autoincrement=True, nullable=False),
            Column("id", Uuid, ForeignKey("submissions.id", ondelete="CASCADE"), nullable=False),
            Column("generation", Integer, nullable=False),
            PrimaryKeyConstraint("number"),
            Index("search_entries_by_id", "id", unique=True),
        )
        self.fields = _fields(metadata)
        self.progress = Table(
            "search_progress",
            metadata,
            Column("version", Integer, nullable=False),
            Column("generation", Integer, nullable=False),
            Column("stored_at", UtcTimestamp, nullable=False),
            PrimaryKeyConstraint("version"),
        )


def _fields(metadata: MetaData) -> Table:
    table = Table(
        "search_fields",
        metadata,
        Column("number", BigInteger, ForeignKey("search_entries.number", ondelete="CASCADE"), nullable=False),
        Column("field", Text, nullable=False),
        Column("words", Text, nullable=False),
        Column("figures", Text, nullable=False),
        Column("least", _SORTED),
        Column("greatest", _SORTED),
        Column("first_day", _SORTED),
        Column("last_day", _SORTED),
        PrimaryKeyConstraint("number", "field"),
    )
    c = table.c
    has_number, has_day = c.least.is_not(None), c.first_day.is_not(None)
    number = (c.field, c.greatest, c.least)
    Index("search_fields_by_number", *number, postgresql_where=has_number, sqlite_where=has_number)
    Index("search_fields_by_day", c.field, c.last_day, c.first_day, postgresql_where=has_day, sqlite_where=has_day)
    return table
