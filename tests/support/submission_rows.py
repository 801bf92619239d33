"""Keeps submissions in memory; this repository passes the same tests as the real one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from uuid import UUID

from shared.contracts import SubmissionAccepted
from shared.contracts.parts.submitted_file import SubmittedFiles
from shared.contracts.spam import is_verdict
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
    files: dict[tuple[UUID, str], SubmittedFiles] = field(default_factory=dict)
    given_up: set[str] = field(default_factory=set)

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
        there = {
            key: Existing(event.fingerprint, stored_at, None, event.spam) for key, (event, stored_at) in found.items()
        }
        return there | {key: Existing("0" * 64, at, at) for key, at in erased.items()}

    def fill(self, events: Sequence[SubmissionAccepted], *, stored_at: datetime) -> int:
        """See `handler.Rows`."""
        later = [one for one in events if one.id not in self.submissions and not self._is_covered(one)]
        self.submissions |= {one.id: (one, stored_at) for one in later}
        return len(later)

    def clear(self, events: Sequence[SubmissionAccepted], *, at: datetime) -> int:
        """See `handler.Rows`."""
        there = {one.id: self.submissions[one.id] for one in events if one.id in self.submissions}
        held = {key: row for key, row in there.items() if is_verdict(row[0].spam)}
        self.submissions |= {key: (replace(event, spam=None), stored_at) for key, (event, stored_at) in held.items()}
        return len(held)

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

    def keep_files(self, events: Sequence[SubmissionAccepted], *, at: datetime) -> None:
        """See `handler.Rows`."""
        for event in events:
            key = (event.id, event.fingerprint)
            own = self.submissions.get(event.id)
            if (own and own[0].fingerprint == event.fingerprint) or key in self.conflicts:
                self.files.setdefault(key, event.files)
            else:
                self.give_up_files([event], at=at)

    def give_up_files(self, events: Sequence[SubmissionAccepted], *, at: datetime) -> None:
        """See `handler.Rows`."""
        needed = {file.key for files in self.files.values() for file in files}
        self.given_up |= {file.key for event in events for file in event.files} - needed

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
        rows = MemoryRows(*(copy(getattr(kept, each.name)) for each in fields(kept)))
        yield rows
        if self.fails:
            raise self.fails
        self.rows = rows
