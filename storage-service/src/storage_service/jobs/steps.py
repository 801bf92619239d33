"""Does a job, a step at a time: what a step does, and how far the job has come by it, are one transaction."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID, uuid4

import structlog
from sqlalchemy import Connection, Engine

from shared.database import classified
from shared.failpoints import Injected, Reach, ignore
from shared.messaging.failures import DependencyUnavailable
from storage_service.jobs import sets, table
from storage_service.jobs.job import Job
from storage_service.jobs.pace import AIMED_ON_SQLITE_S, AIMED_S, FIRST, Pace
from storage_service.jobs.table import Step

DEATHS_MOST = 3
"""How many processes may end at one place of a set before the submission there is passed over."""

FAILED_MOST = 100
"""How many submissions may fail before the whole job does."""


TOLD_MOST = 3
"""How many of them the log tells with all that is known of the error, each time the job has its turn."""


class Doing(Protocol):
    """What a kind of job does to some submissions of its set."""

    most: int
    """How many it takes in one step."""

    def __call__(self, connection: Connection, job: Job, ids: Sequence[UUID]) -> int:
        """Do it in this transaction, and return how many were changed. What is there no more is left out.

        Raises `DependencyUnavailable` for what passes; whatever else it raises is put down to one of these ids.
        """


class Lost(Exception):
    """Another process has taken the job up: this one was away for too long."""


class Steps:
    """Does steps, for one process. Safe to use from several threads, each with jobs of its own."""

    def __init__(
        self,
        engine: Engine,
        kinds: Mapping[str, Doing],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        reach: Reach = ignore,
    ) -> None:
        self._engine = engine
        self._kinds = kinds
        self._clock = clock
        self._reach = reach

    @property
    def aimed_s(self) -> float:
        """How long a step on this database should take."""
        return AIMED_ON_SQLITE_S if self._engine.dialect.name == "sqlite" else AIMED_S

    def take(self, only: UUID | None = None) -> Work | None:
        """Take the job whose turn it is, or this one; None where there is nothing to do. Raises as `classified`."""
        holder = uuid4()
        with classified(), self._engine.begin() as connection:
            job = table.take(connection, holder, self._kinds, self._clock(), only)
        return Work(self, job, holder) if job else None

    def step(self, job: UUID, holder: UUID, rows: int) -> tuple[Job, int, float]:
        """Do the next step of a job, of so many submissions at most.

        Returns the job, how many these were, and how many seconds it took, without the wait for its turn to write.

        Raises `Lost`, `DependencyUnavailable`, and what the kind of job raises; then nothing of it is done.
        """
        with classified(), self._engine.begin() as connection:
            begun_s, now, locked = time.monotonic(), self._clock(), self._mine(connection, job, holder)
            if locked.stopping:
                return table.end(connection, job, "stopped", now), 0, 0.0
            doing = self._kinds[locked.asked.kind]
            is_deadly = locked.deaths >= DEATHS_MOST
            ids = sets.some(connection, job, locked.done, min(rows, doing.most))
            if not ids:
                return table.end(connection, job, "failed", now), 0, 0.0
            done = Step(1, failed=1, error="it ended each process") if is_deadly else None
            if done is None:
                self._reach("job-before-step")
                done = Step(len(ids), doing(connection, locked, ids))
            moved = table.advance(connection, locked, holder, now, done)
            self._reach("job-before-commit")
        self._reach("job-after-commit")
        return moved, done.looked_at, time.monotonic() - begun_s

    def pass_over(self, job: UUID, holder: UUID, error: str) -> Job:
        """Leave one submission as it is; raises `Lost` and `DependencyUnavailable`."""
        with classified(), self._engine.begin() as connection:
            locked, now = self._mine(connection, job, holder), self._clock()
            moved = table.advance(connection, locked, holder, now, Step(1, failed=1, error=error))
            if moved.is_open and moved.failed >= FAILED_MOST:
                return table.end(connection, job, "failed", now)
        return moved

    def give_back(self, job: UUID, holder: UUID) -> None:
        """Let another one go on with it; raises `DependencyUnavailable`."""
        with classified(), self._engine.begin() as connection:
            table.give_back(connection, job, holder, self._clock())

    def _mine(self, connection: Connection, key: UUID, holder: UUID) -> Job:
        """Return the job, locked: until the end of the transaction nobody else takes it up."""
        locked = table.one(connection, key, lock=True)
        if locked is None or not locked.is_open or locked.holder != holder:
            raise Lost
        return locked


class Work:
    """A job that was taken. After a failure or a death its steps are small, until it is known which one it was."""

    def __init__(self, steps: Steps, job: Job, holder: UUID) -> None:
        self._steps = steps
        self._holder = holder
        self._pace = Pace(1 if job.deaths else FIRST, steps.aimed_s)
        self.took_s = 0.0
        """How long the last step kept others from writing."""
        self._told = 0
        self.job = job
        """What it is by now."""

    def go_on(self) -> None:
        """Do one step; raises `Lost` and `DependencyUnavailable`."""
        try:
            self.job, rows, self.took_s = self._steps.step(self.job.id, self._holder, self._pace.rows)
        except (Lost, DependencyUnavailable, Injected):
            raise
        except Exception as error:  # noqa: BLE001 - a row that cannot be worked on must not keep the others waiting
            self._failed(error)
            return
        if rows:
            self._pace.took(rows, self.took_s)

    def give_back(self) -> None:
        """Let another one go on with it; raises `DependencyUnavailable`."""
        self._steps.give_back(self.job.id, self._holder)

    def _failed(self, error: Exception) -> None:
        log = structlog.get_logger().bind(job=str(self.job.id))
        if self._pace.rows > 1:
            log.warning("a step of a job failed; the next is smaller", error=type(error).__name__)
            self._pace.rows = max(1, self._pace.rows // 4)
            return
        why = error if self._told < TOLD_MOST else None
        self._told += 1
        log.error("a job passes over a submission", error=type(error).__name__, exc_info=why)
        self.job = self._steps.pass_over(self.job.id, self._holder, f"{type(error).__name__}: see the log")
