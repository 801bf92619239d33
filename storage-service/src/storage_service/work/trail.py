"""Writes down who changed what of a submission, and reads it. Fields are never in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert, select

from storage_service.tables import delivery_requests, submission_trail

SHOWN_MOST = 200
"""Steps of one submission that are shown: the last ones."""

_T, _R = submission_trail.c, delivery_requests.c


@dataclass(frozen=True, slots=True)
class Step:
    """What somebody did with a submission: who, when, and what.

    `changes` has, of what was changed, what it was and what it became: `{"state": ["new", "open"]}`, `starred`,
    `assignee`, `spam`; `{"labels": {"added": […], "removed": […]}}`; `{"note": true}`; `{"reply": true}`; or
    `{"resend": "owner"}`, a channel, and then there is no `version`. Else that is the version which it made. `job` is
    the job that did it.

    `{"opted_in": true}` is the press of a button in a mail, by whoever has the address.

    `{"erased": true}` and `{"anonymised": true}` say what became of it, with `arrived_after`, how many copies came
    since and were refused. Of steps before these nothing is kept in `changes`.
    """

    at: datetime
    by: str
    changes: Mapping[str, Any]
    version: int | None = None
    job: UUID | None = None


def write_steps(connection: Connection, steps: Mapping[UUID, Step]) -> None:
    """Write a step of each submission, in the transaction that makes it."""
    rows = [
        {
            "submission_id": key,
            "version": step.version,
            "at": step.at,
            "by": step.by,
            "changes": dict(step.changes),
            "job": step.job,
        }
        for key, step in steps.items()
    ]
    connection.execute(insert(submission_trail), rows)


def read_steps(connection: Connection, key: UUID) -> Sequence[Step]:
    """Return the last steps of a submission, oldest first, with what was asked to be sent again."""
    trail = select(submission_trail).where(_T.submission_id == key).order_by(_T.version.desc()).limit(SHOWN_MOST)
    steps = [Step(row.at, row.by, row.changes, row.version, row.job) for row in connection.execute(trail)]
    asked = select(_R.requested_at, _R.requested_by, _R.channel).where(_R.submission_id == key)
    again = connection.execute(asked.order_by(_R.requested_at.desc()).limit(SHOWN_MOST))
    steps += [Step(row.requested_at, row.requested_by, {"resend": row.channel}) for row in again]
    return sorted(steps, key=lambda one: (one.at, one.version or 0))[-SHOWN_MOST:]
