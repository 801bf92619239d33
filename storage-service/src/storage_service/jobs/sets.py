"""Keeps the set of a job: the ids that it is for, in their order, from the moment of asking on.

A query that is asked again at each step would skip what the job itself makes not match any more, or take in what came
later. So the ids are kept, a thousand in a row: 100,000 are 1.6 MB, and one short transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, insert, select

from storage_service.tables import JOBS

SET_MOST = 100_000
"""Submissions of a job."""

_IN_A_ROW = 1000
_BYTES = 16
_S = JOBS.sets.c


def keep(connection: Connection, job: UUID, ids: Sequence[UUID]) -> None:
    """Keep the ids of a job that was made in this transaction."""
    starts = range(0, len(ids), _IN_A_ROW)
    rows = [
        {"job": job, "number": number, "ids": b"".join(one.bytes for one in ids[start : start + _IN_A_ROW])}
        for number, start in enumerate(starts)
    ]
    if rows:
        connection.execute(insert(JOBS.sets), rows)


def some(connection: Connection, job: UUID, start: int, most: int) -> list[UUID]:
    """Return at most so many ids from a place on; fewer at the end of a row, none at the end of the set."""
    number, place = divmod(start, _IN_A_ROW)
    kept = connection.scalar(select(_S.ids).where(_S.job == job, _S.number == number))
    found = bytes(kept or b"")[place * _BYTES : (place + most) * _BYTES]
    return [UUID(bytes=found[at : at + _BYTES]) for at in range(0, len(found), _BYTES)]
