"""Says which submissions are erased, to whoever meets one later.

A condition of the statements that write, so that asking costs no round trip. What was accepted later than the grace of
an erasure is a new submission under a used key, and is not erased.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, column, literal, select

from notify_service.tables import erased, planned_submissions
from shared.contracts.submission_erased import ERASED_GRACE, is_covered
from shared.database import UtcTimestamp

_E, _P = erased.c, planned_submissions.c

Accepted: TypeAlias = tuple[UUID, datetime | None]
"""A submission's id, and when it was accepted, where that is known."""

_FIRST = datetime(1970, 1, 1, tzinfo=UTC)

ERASED_FROM = column("erased_from", UtcTimestamp())
"""A member of documents: `erased_from(accepted_at)`. Where it is missing, nothing is erased."""


def erased_from(accepted_at: datetime) -> datetime:
    """Return the earliest erasure that takes along what was accepted at a moment."""
    return max(accepted_at, _FIRST) - ERASED_GRACE


def is_erased(submission_id: ColumnElement[UUID], since: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Return the condition that a submission is erased; `since` is what `ERASED_FROM` holds."""
    return select(literal(1)).where(_E.submission_id == submission_id, _E.at >= since).exists()


def erased_among(connection: Connection, known: Collection[Accepted]) -> set[Accepted]:
    """Return those of them that are erased. One without a moment is, where any submission under its id was."""
    found = select(_E.submission_id, _E.at).where(_E.submission_id.in_({one for one, _ in known}))
    moments = {row.submission_id: row.at for row in connection.execute(found)}
    return {(one, at) for one, at in known if one in moments and (at is None or is_covered(at, moments[one]))}


def is_forgotten(connection: Connection, submission_id: UUID) -> bool:
    """Say whether a submission is erased, and no later one under its id is planned."""
    at = connection.scalar(select(_E.at).where(_E.submission_id == submission_id))
    if at is None:
        return False
    later = select(literal(1)).where(_P.submission_id == submission_id, _P.accepted_at > at + ERASED_GRACE)
    return connection.scalar(later.limit(1)) is None
