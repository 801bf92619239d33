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

    def clear(self, events: Sequence[SubmissionAccepted], *, at: datetime) -> int:
        """Make what is stored of these good events no spam where a verdict alone says that it is, have notify told, and
        return how many these were. No id may come twice."""

    def count_refused(self, events: Sequence[SubmissionAccepted]) -> None:
        """Note in the trails of erased ids that these came afterwards."""

    def keep_conflicts(
        self, events: Sequence[SubmissionAccepted], *, received_at: datetime
    ) -> Sequence[SubmissionAccepted]:
        """Keep events that differ from an earlier one of the same id, once per id and fingerprint; return the refused:
        those beside what is anonymous, and those accepted before something under their id was erased."""

    def keep_files(self, events: Sequence[SubmissionAccepted], *, at: datetime) -> None:
        """Keep the files of these that are stored or kept as conflicts, of each id and fingerprint those of the first;
        those of others are given up. What is there already stays."""

    def give_up_files(self, events: Sequence[SubmissionAccepted], *, at: datetime) -> None:
        """Have the files of events that are not kept removed from the store of files, once this is committed."""


class Repository(Protocol):
    """Where submissions are kept."""

    def transaction(self) -> AbstractContextManager[Rows]:
        """Begin a transaction that is committed durably at the end of the block, or not at all.

        Raises `DependencyUnavailable` or `PermanentFailure`; then nothing of it counts as stored.
        """


@dataclass(frozen=True, slots=True)
class Stored:
    """The result of a batch of `size` events: the new ones, the conflicts, those that had been erased before they came;
    all others were stored before. `cleared` of these were spam until now, by a verdict."""

    size: int
    new: int
    conflicts: int
    refused: int = 0
    cleared: int = 0


def _ignore(_: Stored) -> None:
    pass


class StoreSubmissions:
    """Stores each submission exactly once, however often its event comes.

    The first event of an id wins. Another with the same fingerprint changes nothing, but that a good one takes back a
    verdict that called the first one spam; one with other fields is kept as a conflict. All ids of a batch are
    announced, also those stored earlier: the process that stored them may have died before it could. What was erased is
    not stored again; see `contracts.SubmissionErased`.
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
            later: Sequence[SubmissionAccepted] = ()
            if any(one.erased_at for one in existing.values()):
                later = batch.later(existing)
                filled, existing = _fill(rows, batch, later, stored_at)
                inserted += filled
            good = batch.good(existing)
            cleared = rows.clear(good, at=stored_at) if good else 0
            differing = batch.conflicts(existing)
            belated = rows.keep_conflicts(differing, received_at=stored_at)
            if batch.has_files:
                _keep_files(rows, batch, later, [*batch.refused(existing), *belated], stored_at)
            self._reach("before-commit")
        self._reach("after-commit")
        gone = {(event.id, event.fingerprint) for event in belated}
        conflicts = [event for event in differing if (event.id, event.fingerprint) not in gone] if gone else differing
        refused = len(batch.refused(existing)) + len(belated)
        self._tell(Stored(len(deliveries), inserted, len(conflicts), refused, cleared), conflicts)
        for moment, ids in batch.moments(existing, stored_at=stored_at).items():
            self._announce(SubmissionsStored(ids, moment))

    def _tell(self, stored: Stored, conflicts: Sequence[SubmissionAccepted]) -> None:
        self._note(stored)
        self._log.debug("stored", batch=stored.size, new=stored.new, conflicts=stored.conflicts)
        for event in conflicts:
            self._log.warning("kept as a conflict", submission=str(event.id), form=event.form)
        if stored.cleared:
            self._log.info("no spam after all, by a later verdict", submissions=stored.cleared)
        if stored.refused:
            self._log.info("arrived after erasure", submissions=stored.refused)


def _fill(
    rows: Rows, batch: Plan, later: Sequence[SubmissionAccepted], stored_at: datetime
) -> tuple[int, Mapping[UUID, Existing]]:
    """Store what is new under erased ids; return how many these were, and what is stored under all ids by now."""
    filled = rows.fill(later, stored_at=stored_at) if later else 0
    there = rows.existing(batch.ids)
    rows.count_refused(batch.refused(there))
    return filled, there


def _keep_files(
    rows: Rows,
    batch: Plan,
    later: Sequence[SubmissionAccepted],
    refused: Sequence[SubmissionAccepted],
    at: datetime,
) -> None:
    """Keep the files of what is kept, and give up those of what is refused.

    Those of `later` come first: of what was erased under the same id, and may be the same, the files are gone.
    """
    given_up = [one for one in refused if one.files]
    if given_up:
        rows.give_up_files(given_up, at=at)
    gone = {(one.id, one.fingerprint, one.accepted_at) for one in given_up}
    having = [one for one in (*later, *batch.firsts, *batch.repeats) if one.files]
    if kept := [one for one in having if (one.id, one.fingerprint, one.accepted_at) not in gone]:
        rows.keep_files(kept, at=at)
