"""The interface of the table of deliveries: who sends what, and what has become of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from notify_service.channels.planned import Key, Planned
from notify_service.deliveries.states import UNTRIED, Claim, ClaimAnswer, Outcome, Sent, Tried
from shared.contracts import Confirmation


class Deliveries(Protocol):
    """Who sends what, and what has become of it. Every method raises `DependencyUnavailable`."""

    def claim(
        self, wanted: Sequence[Planned], *, lease_holder: UUID, now: datetime, lease_until: datetime
    ) -> Mapping[Key, ClaimAnswer]:
        """Claim deliveries for `lease_holder`, committed, and return the answer to each; no two are to one recipient.

        One that is settled is not claimed, nor one whose lease is running and another's, nor one that is to be tried
        again later: unless that is more than `PAUSE_MOST_S` away, or it is due since `AGE_LIMIT`. Nor is one
        that something else than a cap holds: its answer is that of what is settled; nor one of an erased
        submission. The first claim of a delivery counts against the caps of what it is counted by, here and
        elsewhere. Beyond one it is recorded as held, and counts for nothing; each further claim asks again,
        until it was held for as long as `AGE_LIMIT`: then it is recorded as failed.
        """

    def release(self, claim: Claim, *, now: datetime) -> None:
        """Take a claim back, its attempt uncounted."""

    def record(
        self,
        claim: Claim,
        outcome: Outcome,
        *,
        now: datetime,
        error: str | None = None,
        next_attempt_at: datetime | None = None,
        tried: Tried = UNTRIED,
    ) -> Confirmation | None:
        """Record what became of a claim and of its try, committed, and return it as a receipt shows it.

        Returns None, and changes nothing, where it is recorded as sent already or another holds the lease.
        """

    def record_sent(self, sent: Sequence[Sent]) -> Mapping[Key, Confirmation]:
        """Record what was sent and how, committed, and return those that were not recorded as sent before.

        They are recorded whoever holds the lease, and where the database is away, before this process's next claim.
        """

    def due_at(self, delivery_id: UUID) -> datetime | None:
        """Return since when a delivery is due; None for one that is not, or that nobody knows."""

    def confirmations(self, submission_id: UUID) -> list[Confirmation]:
        """Return what has become of a submission's deliveries so far, as they are shown."""
