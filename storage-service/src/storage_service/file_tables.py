"""Defines the tables of files: what each is and where it lies, and what is to be removed from the store of files."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, MetaData, PrimaryKeyConstraint, Table, Text, Uuid

from shared.database import UtcTimestamp


class FileTables:
    """The tables, in the metadata of a service.

    `submission_files` has one row a file, `number` from 1, as `contracts.SubmittedFile` has it. `fingerprint` is that
    of the event which it came with: of the submission's own files it is the submission's, of a conflict's the
    conflict's. Bytes are in the store of files, under `key`.

    `file_removals` has the keys of what is in no row any more: they go from the store, and then from here.
    """

    def __init__(self, metadata: MetaData) -> None:
        self.files = Table(
            "submission_files",
            metadata,
            Column("submission_id", Uuid, ForeignKey("submissions.id", ondelete="CASCADE"), nullable=False),
            Column("fingerprint", Text, nullable=False),
            Column("number", Integer, nullable=False),
            *(Column(name, Text, nullable=False) for name in ("field", "name", "given", "type")),
            Column("size", BigInteger, nullable=False),
            *(Column(name, Text, nullable=False) for name in ("sha256", "key")),
            Column("scan", Text),
            PrimaryKeyConstraint("submission_id", "fingerprint", "number"),
            Index("submission_files_by_key", "key"),
            Index("submission_files_by_hash", "sha256"),
        )
        is_unscanned = self.files.c.scan == "unscanned"
        Index(
            "submission_files_unscanned",
            self.files.c.submission_id,
            postgresql_where=is_unscanned,
            sqlite_where=is_unscanned,
        )
        self.removals = Table(
            "file_removals",
            metadata,
            Column("key", Text, nullable=False),
            Column("at", UtcTimestamp, nullable=False),
            PrimaryKeyConstraint("key"),
        )
