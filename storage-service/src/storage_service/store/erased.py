"""What comes under the id of something that was erased, or made anonymous: which of it is new, and which is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, bindparam, select, update

from shared.contracts import SubmissionAccepted
from shared.contracts.submission_erased import is_covered
from storage_service.tables import submission_trail, submissions

_S, _T = submissions.c, submission_trail.c

ERASED, ANONYMISED, ARRIVED = "erased", "anonymised", "arrived_after"
"""Members of a step of the trail: that it was erased, or made anonymous, and how many came under its id since."""


def uncovered(connection: Connection, events: Sequence[SubmissionAccepted]) -> list[SubmissionAccepted]:
    """Lock the rows of erased ids, and return the events that were accepted later than what was erased there."""
    found = select(_S.id, _S.erased_at).where(_S.id.in_([one.id for one in events]), _S.erased_at.is_not(None))
    erased = {row.id: row.erased_at for row in connection.execute(found.order_by(_S.id).with_for_update())}
    return [one for one in events if one.id in erased and not is_covered(one.accepted_at, erased[one.id])]


def refused(connection: Connection, events: Sequence[SubmissionAccepted]) -> list[SubmissionAccepted]:
    """Keep the rows of events from being erased, and return those that may not be kept beside them.

    That is what comes beside something that is anonymous, or erased by now, and what was accepted before something was
    erased under its id: another one stands there since.
    """
    ids = sorted({one.id for one in events})
    stands = and_(_S.id.in_(ids), _S.erased_at.is_(None), _S.anonymised_at.is_(None))
    locked = select(_S.id).where(stands).order_by(_S.id).with_for_update(read=True, key_share=True)
    standing = set(connection.scalars(locked))
    before = {key: step.at for key, step in _last_steps(connection, ids, ERASED).items()}
    return [
        one
        for one in events
        if one.id not in standing or (one.id in before and is_covered(one.accepted_at, before[one.id]))
    ]


def is_gone(connection: Connection, key: UUID, accepted_at: datetime | None) -> bool:
    """Say whether what was accepted at a moment is erased, or anonymous by now; without a moment, whether anything is
    that came under this id."""
    found = select(_S.erased_at, _S.anonymised_at).where(_S.id == key)
    row = connection.execute(found).one_or_none()
    if row is None or row.anonymised_at is not None:
        return row is not None
    step = _last_steps(connection, [key], ERASED).get(key)
    at = row.erased_at or (step and step.at)
    return at is not None and (accepted_at is None or is_covered(accepted_at, at))


def count_arrived(connection: Connection, events: Sequence[SubmissionAccepted]) -> None:
    """Note in the trails how many came after the erasure of their ids."""
    arrived = Counter(one.id for one in events)
    rows = select(_S.id).where(_S.id.in_(sorted(arrived))).order_by(_S.id)
    connection.execute(rows.with_for_update(key_share=True))  # others keep them from being erased, as `refused` does
    steps = _last_steps(connection, sorted(arrived), ERASED, ANONYMISED)
    noted = [
        {"key": key, "step": one.version, "told": one.changes | {ARRIVED: one.changes.get(ARRIVED, 0) + arrived[key]}}
        for key, one in steps.items()
    ]
    if noted:
        theirs = and_(_T.submission_id == bindparam("key"), _T.version == bindparam("step"))
        connection.execute(update(submission_trail).where(theirs).values(changes=bindparam("told")), noted)


def _last_steps(connection: Connection, ids: Sequence[UUID], *kinds: str) -> Mapping[UUID, Any]:
    """Return the last step of each trail that has one of a kind."""
    steps = select(submission_trail).where(_T.submission_id.in_(ids)).order_by(_T.version)
    return {row.submission_id: row for row in connection.execute(steps) if any(kind in row.changes for kind in kinds)}
