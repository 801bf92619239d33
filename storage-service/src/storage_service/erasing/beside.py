"""Forgets what storage keeps beside the rows of submissions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from sqlalchemy import Connection, delete, update

from shared.parked.forgetting import forget_messages
from storage_service.erasing.rows import Kept
from storage_service.records.index.entries import entry_of
from storage_service.records.index.progress import progress
from storage_service.records.index.writing import forget, write
from storage_service.tables import (
    OUTBOX,
    PARKED,
    conflicts,
    delivery_requests,
    delivery_states,
    submission_labels,
    submission_notes,
    submission_trail,
)

_KEPT_BY = (
    conflicts.c.id,
    submission_labels.c.submission_id,
    submission_notes.c.submission_id,
    delivery_states.c.submission_id,
    delivery_requests.c.submission_id,
    OUTBOX.c.about,
)
"""Columns by which tables say of which submission a row is; such rows go whole."""


class Forgets(Protocol):
    """Something that is kept of submissions, in the database or beside it."""

    def forget(self, connection: Connection, ids: Sequence[UUID]) -> None:
        """Forget all of it, in this transaction, in which the rows of these ids are locked; raises as `classified`."""


class Beside:
    """All that storage's own tables keep beside the rows."""

    def forget(self, connection: Connection, ids: Sequence[UUID]) -> None:
        """See `Forgets`. Of the trail there stays who did something, and when, but not what."""
        for column in _KEPT_BY:
            connection.execute(delete(column.table).where(column.in_(ids)))
        steps = update(submission_trail).where(submission_trail.c.submission_id.in_(ids))
        connection.execute(steps.values(changes={}))
        forget(connection, ids)
        forget_messages(connection, PARKED, [str(one) for one in ids])


def find_by_what_is_kept(connection: Connection, kept: Kept) -> None:
    """Put into the index what is left of rows that were made anonymous: nobody else looks at old ones again."""
    if come := progress(connection):
        write(connection, {key: entry_of(fields, "") for key, fields in kept.items()}, come.generation)
