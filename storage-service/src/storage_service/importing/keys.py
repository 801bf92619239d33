"""Gives each submission an id that follows from what it is, so that a second import finds the first."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from hashlib import blake2b
from uuid import UUID, uuid5

from shared.database import iso

NAMESPACE = UUID("7d0f3b0e-57c4-5a0e-9d6e-2a4c9be3c1f7")
"""Never changed: what was imported would come twice."""


class Keys:
    """Makes ids for one file. Equal submissions of one moment are told apart by how many there were before.

    What was seen is kept in a file of SQLite's own, which ends with it: in memory it would grow with the import.
    """

    def __init__(self) -> None:
        self._seen = sqlite3.connect("", isolation_level=None)
        self._seen.execute("PRAGMA journal_mode = OFF")
        self._seen.execute("CREATE TABLE seen (content BLOB PRIMARY KEY, times INTEGER NOT NULL) WITHOUT ROWID")
        self._seen.execute("BEGIN")

    def next(self, form: str, accepted_at: datetime, fingerprint: str) -> UUID:
        """Return the id of a submission; each call counts it."""
        content = f"{form}\n{iso(accepted_at)}\n{fingerprint}"
        return uuid5(NAMESPACE, f"{content}\n{self._times(content)}")

    def close(self) -> None:
        """Forget what was seen."""
        self._seen.close()

    def _times(self, content: str) -> int:
        """Return how often this was seen before."""
        key = (blake2b(content.encode(), digest_size=16).digest(),)
        if self._seen.execute("INSERT OR IGNORE INTO seen VALUES (?, 1)", key).rowcount:
            return 0
        times: int = self._seen.execute("SELECT times FROM seen WHERE content = ?", key).fetchone()[0]
        self._seen.execute("UPDATE seen SET times = times + 1 WHERE content = ?", key)
        return times
