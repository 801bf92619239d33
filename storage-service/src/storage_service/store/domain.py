"""Decides what of a batch is new, and what conflicts with what is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.contracts import SubmissionAccepted
from shared.contracts.spam import is_verdict
from shared.contracts.submission_erased import is_covered


@dataclass(frozen=True, slots=True)
class Existing:
    """What the database holds under an id; `spam` says why it is spam. `erased_at` is when that was erased; then it
    holds nothing else."""

    fingerprint: str
    stored_at: datetime
    erased_at: datetime | None = None
    spam: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A batch, divided into the first event of each id and all others; in the place of a first one that a verdict calls
    spam stands the next that is the same and good.

    `firsts` has the first event of each id, `repeats` the others. Both are sorted by id: two replicas that write in
    the same order wait for each other; in different orders they would deadlock.
    """

    firsts: tuple[SubmissionAccepted, ...]
    repeats: tuple[SubmissionAccepted, ...]

    @property
    def ids(self) -> list[UUID]:
        """The ids, each once."""
        return [event.id for event in self.firsts]

    @property
    def has_files(self) -> bool:
        """Whether any of them has: few have, and for the others nothing is to be done."""
        return any(event.files for event in (*self.firsts, *self.repeats))

    def later(self, existing: Mapping[UUID, Existing]) -> list[SubmissionAccepted]:
        """Return the first event of each erased id that is a new submission: it was accepted later than what went."""
        found: dict[UUID, SubmissionAccepted] = {}
        for event in (*self.firsts, *self.repeats):
            erased_at = existing[event.id].erased_at if event.id in existing else None
            if erased_at is not None and not is_covered(event.accepted_at, erased_at):
                found[event.id] = _better(found.get(event.id, event), event)
        return [found[key] for key in sorted(found)]

    def good(self, existing: Mapping[UUID, Existing]) -> list[SubmissionAccepted]:
        """Return an event of each stored submission that a verdict calls spam, and that comes again, and is good."""
        held = {key: row.fingerprint for key, row in existing.items() if is_verdict(row.spam)}
        if not held:
            return []
        again = (one for one in (*self.firsts, *self.repeats) if one.spam is None)
        found = {one.id: one for one in again if held.get(one.id) == one.fingerprint}
        return [found[key] for key in sorted(found)]

    def refused(self, existing: Mapping[UUID, Existing]) -> list[SubmissionAccepted]:
        """Return the events whose id is erased: a replay, or a message that was on its way."""
        erased = {key for key, row in existing.items() if row.erased_at is not None}
        return [event for event in (*self.firsts, *self.repeats) if event.id in erased] if erased else []

    def conflicts(self, existing: Mapping[UUID, Existing]) -> list[SubmissionAccepted]:
        """Return the events whose fields differ from the stored ones of their id, once per id and fingerprint.

        `existing` holds what was stored before. For any other id, the batch's own first event has been inserted. What
        is erased has no conflicts.
        """
        standing = {event.id: event.fingerprint for event in self.firsts}
        standing |= {key: row.fingerprint for key, row in existing.items() if row.erased_at is None}
        erased = {key for key, row in existing.items() if row.erased_at is not None}
        differing = [
            event
            for event in (*self.firsts, *self.repeats)
            if event.fingerprint != standing[event.id] and event.id not in erased
        ]
        unique = {(event.id, event.fingerprint): event for event in reversed(differing)}
        return [unique[key] for key in sorted(unique)]

    def moments(self, existing: Mapping[UUID, Existing], *, stored_at: datetime) -> dict[datetime, tuple[UUID, ...]]:
        """Return which ids were stored when: those in `existing` earlier, the others at `stored_at`.

        What is erased is left out.
        """
        found: dict[datetime, list[UUID]] = {}
        for event in self.firsts:
            before = existing.get(event.id)
            if before is None or before.erased_at is None:
                found.setdefault(before.stored_at if before else stored_at, []).append(event.id)
        return {moment: tuple(ids) for moment, ids in found.items()}


def plan(events: Sequence[SubmissionAccepted]) -> Plan:
    """Divide a batch; where an id comes more than once, its first event counts, or the first good one like it."""
    firsts: dict[UUID, SubmissionAccepted] = {}
    repeats: list[SubmissionAccepted] = []
    for event in events:
        first = firsts.setdefault(event.id, event)
        if first is not event:
            firsts[event.id] = better = _better(first, event)
            repeats.append(event if better is first else first)
    return Plan(
        firsts=tuple(sorted(firsts.values(), key=_order)),
        repeats=tuple(sorted(repeats, key=_order)),
    )


def _better(first: SubmissionAccepted, later: SubmissionAccepted) -> SubmissionAccepted:
    """Return which of two events of an id is stored: the first, unless a verdict alone calls it spam, and the other
    is the same and good."""
    is_good = later.spam is None and later.fingerprint == first.fingerprint
    return later if is_good and is_verdict(first.spam) else first


def _order(event: SubmissionAccepted) -> int:
    return event.id.int
