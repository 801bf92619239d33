"""Stores a batch of accepted submissions in one transaction, and announces them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

import structlog

from shared.contracts import SubmissionAccepted, SubmissionsStored
from shared.failpoints import Reach
from shared.messaging.failures import Delivery
from storage_service.store.domain import Existing, Plan, plan


class Rows(Protocol):
    """The rows of the database, inside one transaction."""

    def insert(self, events: Sequence[SubmissionAccepted], *, stored_at: datetime) -> int:
        """Insert those whose id is not there yet, and return how many these were. No id may come twice."""

    def existing(self, ids: Sequence[UUID]) -> Mapping[UUID, Existing]:
        """Return what is stored under these ids, also by this transaction."""

    def fill(self, events: Sequence[SubmissionAccepted], *, stored_at: datetime) -> int:
        """Store new submissions in the empty rows of their ids, each where it was accepted later than what was erased
        there, and return how many these were. Until the transaction ends, these ids are erased by nobody."""

    def count_refused(self, events: Sequence[SubmissionAccepted]) -> None:
        """Note in the trails of erased ids that these came afterwards."""

    def keep_conflicts(
        self, events: Sequence[SubmissionAccepted], *, received_at: datetime
    ) -> Sequence[SubmissionAccepted]:
        """Keep events that differ from an earlier one of the same id, once per id and fingerprint; return the refused:
        those beside what is anonymous, and those accepted before something under their id was erased."""


class Repository(Protocol):
    """Where submissions are kept."""

    def transaction(self) -> AbstractContextManager[Rows]:
        """Begin a transaction that is committed durably at the end of the block, or not at all.

        Raises `DependencyUnavailable` or `PermanentFailure`; then nothing of it counts as stored.
        """


@dataclass(frozen=True, slots=True)
class Stored:
    """The result of a batch of `size` events: the new ones, the conflicts, those that had been erased before they came;
    all others were stored before."""

    size: int
    new: int
    conflicts: int
    refused: int = 0


def _ignore(_: Stored) -> None:
    pass


class StoreSubmissions:
    """Stores each submission exactly once, however often its event comes.

    The first event of an id wins. Another with the same fingerprint changes nothing; one with other fields is kept
    as a conflict. All ids of a batch are announced, also those stored earlier: the process that stored
    them may have died before it could. What was erased is not stored again; see `contracts.SubmissionErased`.
    """

    def __init__(
        self,
        repository: Repository,
        *,
        announce: Callable[[SubmissionsStored], None],
        clock: Callable[[], datetime],
        reach: Reach,
        note: Callable[[Stored], None] = _ignore,
    ) -> None:
        self._repository = repository
        self._announce = announce
        self._clock = clock
        self._reach = reach
        self._note = note
        self._log = structlog.get_logger()

    def __call__(self, deliveries: Sequence[Delivery[SubmissionAccepted]]) -> None:
        """Store a batch; raises as `Repository.transaction` does."""
        batch = plan([delivery.event for delivery in deliveries])
        stored_at = self._clock()
        with self._repository.transaction() as rows:
            inserted = rows.insert(batch.firsts, stored_at=stored_at)
            existing = rows.existing(batch.ids) if inserted < len(batch.firsts) else {}
            if any(one.erased_at for one in existing.values()):
                filled, existing = _fill(rows, batch, existing, stored_at)
                inserted += filled
            differing = batch.conflicts(existing)
            belated = rows.keep_conflicts(differing, received_at=stored_at)
            self._reach("before-commit")
        self._reach("after-commit")
        gone = {(event.id, event.fingerprint) for event in belated}
        conflicts = [event for event in differing if (event.id, event.fingerprint) not in gone] if gone else differing
        refused = len(batch.refused(existing)) + len(belated)
        self._tell(Stored(len(deliveries), inserted, len(conflicts), refused), conflicts)
        for moment, ids in batch.moments(existing, stored_at=stored_at).items():
            self._announce(SubmissionsStored(ids, moment))

    def _tell(self, stored: Stored, conflicts: Sequence[SubmissionAccepted]) -> None:
        self._note(stored)
        self._log.debug("stored", batch=stored.size, new=stored.new, conflicts=stored.conflicts)
        for event in conflicts:
            self._log.warning("kept as a conflict", submission=str(event.id), form=event.form)
        if stored.refused:
            self._log.info("arrived after erasure", submissions=stored.refused)


def _fill(
    rows: Rows, batch: Plan, existing: Mapping[UUID, Existing], stored_at: datetime
) -> tuple[int, Mapping[UUID, Existing]]:
    """Store what is new under erased ids; return how many these were, and what is stored under all ids by now."""
    later = batch.later(existing)
    filled = rows.fill(later, stored_at=stored_at) if later else 0
    there = rows.existing(batch.ids)
    rows.count_refused(batch.refused(there))
    return filled, there
