"""Counts what a migration's way back would lose, for the refusal that names it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, text


def lost_rows(connection: Connection, what: Mapping[str, str]) -> list[str]:
    """Return in words what would be lost: for each text the number of rows of its table, or `table WHERE …`, if any.

    `{"submissions": "submissions"}` becomes `["3 submissions"]`.
    """
    counts = {
        words: connection.scalar(text(f"SELECT count(*) FROM {rows}"))  # noqa: S608 - a migration's own text
        for words, rows in what.items()
    }
    return [f"{count} {words}" for words, count in counts.items() if count]
