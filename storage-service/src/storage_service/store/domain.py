"""Decides what of a batch is new, and what conflicts with what is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.contracts import SubmissionAccepted


@dataclass(frozen=True, slots=True)
class Existing:
    """What the database holds under an id."""

    fingerprint: str
    stored_at: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """A batch, divided into the first event of each id and all others.

    `firsts` has the first event of each id, `repeats` the others. Both are sorted by id: two replicas that write in
    the same order wait for each other; in different orders they would deadlock.
    """

    firsts: tuple[SubmissionAccepted, ...]
    repeats: tuple[SubmissionAccepted, ...]

    @property
    def ids(self) -> list[UUID]:
        """The ids, each once."""
        return [event.id for event in self.firsts]

    def conflicts(self, existing: Mapping[UUID, Existing]) -> list[SubmissionAccepted]:
        """Return the events whose fields differ from the stored ones of their id, once per id and fingerprint.

        `existing` holds what was stored before. For any other id, the batch's own first event has been inserted.
        """
        standing = {event.id: event.fingerprint for event in self.firsts}
        standing |= {key: row.fingerprint for key, row in existing.items()}
        differing = [event for event in (*self.firsts, *self.repeats) if event.fingerprint != standing[event.id]]
        unique = {(event.id, event.fingerprint): event for event in reversed(differing)}
        return [unique[key] for key in sorted(unique)]

    def moments(self, existing: Mapping[UUID, Existing], *, stored_at: datetime) -> dict[datetime, tuple[UUID, ...]]:
        """Return which ids were stored when: those in `existing` earlier, the others at `stored_at`."""
        found: dict[datetime, list[UUID]] = {}
        for event in self.firsts:
            moment = existing[event.id].stored_at if event.id in existing else stored_at
            found.setdefault(moment, []).append(event.id)
        return {moment: tuple(ids) for moment, ids in found.items()}


def plan(events: Sequence[SubmissionAccepted]) -> Plan:
    """Divide a batch; where an id comes more than once, its first event counts."""
    firsts: dict[UUID, SubmissionAccepted] = {}
    repeats = [event for event in events if firsts.setdefault(event.id, event) is not event]
    return Plan(
        firsts=tuple(sorted(firsts.values(), key=_order)),
        repeats=tuple(sorted(repeats, key=_order)),
    )


def _order(event: SubmissionAccepted) -> int:
    return event.id.int
