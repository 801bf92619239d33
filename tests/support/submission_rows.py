"""Keeps submissions in memory; this repository passes the same tests as the real one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from shared.contracts import SubmissionAccepted
from shared.messaging.failures import PermanentFailure
from storage_service.store.domain import Existing


@dataclass
class MemoryRows:
    """See `handler.Rows`."""

    submissions: dict[UUID, tuple[SubmissionAccepted, datetime]] = field(default_factory=dict)
    conflicts: dict[tuple[UUID, str], SubmissionAccepted] = field(default_factory=dict)

    def insert(self, events: Sequence[SubmissionAccepted], *, stored_at: datetime) -> int:
        """See `handler.Rows`; refuses what the tables' checks refuse."""
        if any(not 1 <= len(event.form) <= 64 for event in events):
            raise PermanentFailure("the database refuses it: form_length")
        new = [event for event in events if event.id not in self.submissions]
        self.submissions |= {event.id: (event, stored_at) for event in new}
        return len(new)

    def existing(self, ids: Sequence[UUID]) -> Mapping[UUID, Existing]:
        """See `handler.Rows`."""
        found = {key: self.submissions[key] for key in ids if key in self.submissions}
        return {key: Existing(event.fingerprint, stored_at) for key, (event, stored_at) in found.items()}

    def keep_conflicts(self, events: Sequence[SubmissionAccepted], *, received_at: datetime) -> None:
        """See `handler.Rows`."""
        for event in events:
            self.conflicts.setdefault((event.id, event.fingerprint), event)


class MemoryRepository:
    """See `handler.Repository`. `fails` is raised at the next commits, instead of them."""

    def __init__(self) -> None:
        self.rows = MemoryRows()
        self.fails: Exception | None = None

    @contextmanager
    def transaction(self) -> Iterator[MemoryRows]:
        """Begin on a copy, which becomes what is kept."""
        rows = MemoryRows(dict(self.rows.submissions), dict(self.rows.conflicts))
        yield rows
        if self.fails:
            raise self.fails
        self.rows = rows
