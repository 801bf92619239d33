"""Keeps what people write about submissions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, func, insert, select

from storage_service.tables import submission_notes
from storage_service.work.values import NOTES_MOST, BadValue

_N = submission_notes.c


@dataclass(frozen=True, slots=True)
class Note:
    """A note on a submission: who wrote it, when, and the version of the submission that it made."""

    version: int
    at: datetime
    by: str
    text: str


def write_note(connection: Connection, key: UUID, note: Note) -> None:
    """Add a note to a submission whose row is locked; raises `BadValue` where there are too many."""
    counted = select(func.count()).where(_N.submission_id == key)
    if (connection.scalar(counted) or 0) >= NOTES_MOST:
        raise BadValue("text", f"this submission has {NOTES_MOST} notes, and can have no more")
    values = {"submission_id": key, "version": note.version, "at": note.at, "by": note.by, "text": note.text}
    connection.execute(insert(submission_notes).values(values))


def read_notes(connection: Connection, key: UUID) -> Sequence[Note]:
    """Return all notes on a submission, oldest first."""
    found = select(submission_notes).where(_N.submission_id == key).order_by(_N.version)
    return [Note(row.version, row.at, row.by, row.text) for row in connection.execute(found)]
