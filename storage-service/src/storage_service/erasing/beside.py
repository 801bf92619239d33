"""Forgets what storage keeps beside the rows of submissions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy import Connection, delete, select, update

from shared.parked.forgetting import forget_messages
from storage_service.erasing.rows import Kept
from storage_service.files import rows as files
from storage_service.files.parked import give_up_parked
from storage_service.records.index.entries import entry_of
from storage_service.records.index.progress import progress
from storage_service.records.index.writing import forget, write
from storage_service.tables import (
    OUTBOX,
    PARKED,
    SPAM,
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
    SPAM.labels.c.submission_id,
    OUTBOX.c.about,
)
"""Columns by which tables say of which submission a row is; such rows go whole."""


class Forgets(Protocol):
    """Something that is kept of submissions, in the database or beside it."""

    def forget(self, connection: Connection, ids: Sequence[UUID]) -> None:
        """Forget all of it, in this transaction, in which the rows of these ids are locked; raises as `classified`."""


class Beside:
    """All that storage's own tables keep beside the rows."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock

    def forget(self, connection: Connection, ids: Sequence[UUID]) -> None:
        """See `Forgets`. Of the trail there stays who did something, and when, but not what.

        Files leave the store after the commit: nobody can take them back, and a transaction can.
        """
        now, parked = self._clock(), [str(one) for one in ids]
        files.remove(connection, ids, now)
        for column in _KEPT_BY:
            connection.execute(delete(column.table).where(column.in_(ids)))
        steps = update(submission_trail).where(submission_trail.c.submission_id.in_(ids))
        connection.execute(steps.values(changes={}))
        forget(connection, ids)
        bodies = connection.scalars(select(PARKED.messages.c.body).where(PARKED.messages.c.message_id.in_(parked)))
        give_up_parked(connection, map(bytes, bodies), now)
        forget_messages(connection, PARKED, parked)


def find_by_what_is_kept(connection: Connection, kept: Kept) -> None:
    """Put into the index what is left of rows that were made anonymous: nobody else looks at old ones again."""
    if come := progress(connection):
        write(connection, {key: entry_of(fields, "") for key, fields in kept.items()}, come.generation)
