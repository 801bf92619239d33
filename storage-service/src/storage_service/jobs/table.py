"""Reads and writes the table of jobs: who may work on one, and how far it has come."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, case, func, insert, or_, select, tuple_, update

from storage_service.jobs.job import Asked, Job, State, job_of
from storage_service.jobs.sets import keep
from storage_service.tables import JOBS

LEASE = timedelta(seconds=30)
"""How long nobody else takes up the job of a process that died, at most. Each step renews it."""

_J = JOBS.jobs.c
_IS_OPEN = _J.finished_at.is_(None)


@dataclass(frozen=True, slots=True)
class Open:
    """How many jobs wait and are worked on, and how long ago the one was worked on that nobody has since."""

    waiting: int
    running: int
    oldest_s: float


def make(connection: Connection, asked: Asked, ids: Sequence[UUID], now: datetime) -> None:
    """Keep a new job and its set. One without anything to do is done."""
    by, is_done = asked.by, not ids
    connection.execute(
        insert(JOBS.jobs).values(
            id=asked.id,
            kind=asked.kind,
            asker=by.name,
            scopes=sorted(by.scopes),
            forms=None if by.forms is None else sorted(by.forms),
            source=by.source,
            request=asked.request,
            query=asked.query,
            moment=asked.moment,
            zone=asked.zone,
            action=dict(asked.action),
            state="done" if is_done else "waiting",
            total=len(ids),
            done=0,
            changed=0,
            failed=0,
            stopping=False,
            undo_of=asked.undo_of,
            deaths=0,
            created_at=now,
            turn_at=now,
            finished_at=now if is_done else None,
        )
    )
    keep(connection, asked.id, ids)


def one(connection: Connection, key: UUID, *, lock: bool = False) -> Job | None:
    """Return a job by its id; with `lock`, nobody else changes it in this transaction."""
    found = select(JOBS.jobs).where(_J.id == key)
    row = connection.execute(found.with_for_update() if lock else found).one_or_none()
    return job_of(row) if row else None


def listed(connection: Connection, asker: str | None, limit: int, before: Job | None = None) -> list[Job]:
    """Return jobs of an asker, or of all, newest first, from beyond one on."""
    found = select(JOBS.jobs).order_by(_J.created_at.desc(), _J.id.desc()).limit(limit)
    if asker is not None:
        found = found.where(_J.asker == asker)
    if before is not None:
        found = found.where(tuple_(_J.created_at, _J.id) < (before.created_at, before.id))
    return [job_of(row) for row in connection.execute(found)]


def open_of(connection: Connection, asker: str) -> tuple[int, int]:
    """Return how many jobs of an asker, and of all, are not finished."""
    theirs = func.count().filter(_J.asker == asker)
    row = connection.execute(select(theirs, func.count()).select_from(JOBS.jobs).where(_IS_OPEN)).one()
    return row[0], row[1]


def take(connection: Connection, holder: UUID, kinds: Collection[str], now: datetime, only: UUID | None) -> Job | None:
    """Take the job that has waited longest for its turn, or `only` that one; None where there is none to take.

    Who left one without giving it back has died with it, or lost the database: its `deaths` count on.
    """
    is_free = or_(_J.holder.is_(None), _J.held_until <= now)
    free = select(_J.id).where(_IS_OPEN, is_free, _J.kind.in_(sorted(kinds)))
    free = (free if only is None else free.where(_J.id == only)).order_by(_J.turn_at, _J.id).limit(1)
    key = connection.scalar(free.with_for_update(skip_locked=True))
    if key is None:
        return None
    died = case((_J.holder.is_not(None), 1), else_=0)
    taken = {"state": "running", "holder": holder, "held_until": now + LEASE, "deaths": _J.deaths + died}
    connection.execute(update(JOBS.jobs).where(_J.id == key).values(taken))
    return one(connection, key)


def advance(connection: Connection, job: Job, holder: UUID, now: datetime, step: Step) -> Job:
    """Note a step of a job that is locked, in the transaction that does it, and return what the job is now."""
    done, failed = job.done + step.looked_at, job.failed + step.failed
    values: dict[str, Any] = {
        "done": done,
        "changed": job.changed + step.changed,
        "failed": failed,
        "deaths": 0,
        "held_until": now + LEASE,
    }
    if step.error is not None:
        values["error"] = step.error
    connection.execute(_mine(job.id, holder).values(values))
    if done >= job.total:
        return end(connection, job.id, "done", now)
    return _there(connection, job.id)


def end(connection: Connection, key: UUID, state: State, now: datetime) -> Job:
    """Finish a job that is locked."""
    ended = {"state": state, "finished_at": now, "turn_at": now, "holder": None, "held_until": None}
    connection.execute(update(JOBS.jobs).where(_J.id == key).values(ended))
    return _there(connection, key)


def give_back(connection: Connection, key: UUID, holder: UUID, now: datetime) -> None:
    """Let whoever comes next go on with it at once; others that wait come before it."""
    connection.execute(_mine(key, holder).values(holder=None, held_until=None, turn_at=now))


def ask_to_stop(connection: Connection, key: UUID) -> None:
    """Have whoever works on it stop at the next step."""
    connection.execute(update(JOBS.jobs).where(_J.id == key, _IS_OPEN).values(stopping=True))


def opened(connection: Connection, now: datetime) -> Open:
    """Return what is not finished."""
    held = and_(_J.holder.is_not(None), _J.held_until > now)
    waiting, running = func.count().filter(~func.coalesce(held, False)), func.count().filter(held)
    oldest = func.min(case((func.coalesce(held, False), None), else_=_J.turn_at))
    row = connection.execute(select(waiting, running, oldest).select_from(JOBS.jobs).where(_IS_OPEN)).one()
    return Open(row[0], row[1], max(0.0, (now - row[2]).total_seconds()) if row[2] else 0.0)


@dataclass(frozen=True, slots=True)
class Step:
    """What a step did: so many were looked at, changed, and failed, the last of them because of `error`."""

    looked_at: int
    changed: int = 0
    failed: int = 0
    error: str | None = None


def _mine(key: UUID, holder: UUID) -> Any:
    condition: ColumnElement[bool] = and_(_J.id == key, _J.holder == holder)
    return update(JOBS.jobs).where(condition)


def _there(connection: Connection, key: UUID) -> Job:
    job = one(connection, key)
    assert job is not None  # noqa: S101 - it is locked
    return job
