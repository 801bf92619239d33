"""Keeps submissions in memory; this repository passes the same tests as the real one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from shared.contracts import SubmissionAccepted
from shared.contracts.submission_erased import is_covered
from shared.messaging.failures import PermanentFailure
from storage_service.store.domain import Existing


@dataclass
class MemoryRows:
    """See `handler.Rows`."""

    submissions: dict[UUID, tuple[SubmissionAccepted, datetime]] = field(default_factory=dict)
    conflicts: dict[tuple[UUID, str], SubmissionAccepted] = field(default_factory=dict)
    erased: dict[UUID, datetime] = field(default_factory=dict)
    """When what stood under an id was erased; nothing stands there, unless it is in `submissions` too."""
    refused: list[SubmissionAccepted] = field(default_factory=list)

    def insert(self, events: Sequence[SubmissionAccepted], *, stored_at: datetime) -> int:
        """See `handler.Rows`; refuses what the tables' checks refuse."""
        if any(not 1 <= len(event.form) <= 64 for event in events):
            raise PermanentFailure("the database refuses it: form_length")
        new = [event for event in events if event.id not in self.submissions and event.id not in self.erased]
        self.submissions |= {event.id: (event, stored_at) for event in new}
        return len(new)

    def existing(self, ids: Sequence[UUID]) -> Mapping[UUID, Existing]:
        """See `handler.Rows`."""
        found = {key: self.submissions[key] for key in ids if key in self.submissions}
        erased = {key: self.erased[key] for key in ids if key in self.erased and key not in found}
        there = {key: Existing(event.fingerprint, stored_at) for key, (event, stored_at) in found.items()}
        return there | {key: Existing("0" * 64, at, at) for key, at in erased.items()}

    def fill(self, events: Sequence[SubmissionAccepted], *, stored_at: datetime) -> int:
        """See `handler.Rows`."""
        later = [one for one in events if one.id not in self.submissions and not self._is_covered(one)]
        self.submissions |= {one.id: (one, stored_at) for one in later}
        return len(later)

    def count_refused(self, events: Sequence[SubmissionAccepted]) -> None:
        """See `handler.Rows`."""
        self.refused += events

    def keep_conflicts(
        self,
        events: Sequence[SubmissionAccepted],
        *,
        received_at: datetime,
    ) -> Sequence[SubmissionAccepted]:
        """See `handler.Rows`."""
        refused = [one for one in events if one.id in self.erased and self._is_covered(one)]
        for event in events:
            if event not in refused:
                self.conflicts.setdefault((event.id, event.fingerprint), event)
        self.refused += refused
        return refused

    def _is_covered(self, event: SubmissionAccepted) -> bool:
        return is_covered(event.accepted_at, self.erased[event.id])


class MemoryRepository:
    """See `handler.Repository`. `fails` is raised at the next commits, instead of them."""

    def __init__(self) -> None:
        self.rows = MemoryRows()
        self.fails: Exception | None = None

    @contextmanager
    def transaction(self) -> Iterator[MemoryRows]:
        """Begin on a copy, which becomes what is kept."""
        kept = self.rows
        rows = MemoryRows(dict(kept.submissions), dict(kept.conflicts), dict(kept.erased), list(kept.refused))
        yield rows
        if self.fails:
            raise self.fails
        self.rows = rows
