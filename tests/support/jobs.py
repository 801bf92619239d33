"""Jobs for tests, and a kind of job that notes in the database, in the step's transaction, what it was done to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import Column, Connection, Engine, MetaData, Table, Uuid, insert, select

from shared.database import classified
from shared.failpoints import Reach, ignore
from storage_service.accounts.asker import Asker
from storage_service.jobs import table
from storage_service.jobs.job import Asked, Job
from storage_service.jobs.steps import Steps

ADA = Asker("ada", frozenset({"read", "write"}))
NOTED = Table("noted", MetaData(), Column("job", Uuid), Column("id", Uuid))


@dataclass
class Clock:
    """A clock that goes on as told."""

    now: datetime = field(default_factory=lambda: datetime(2026, 11, 22, 18, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def goes_on(self, seconds: float) -> None:
        """Let so much time pass."""
        self.now += timedelta(seconds=seconds)


@dataclass
class Noting:
    """Notes each submission, but `bad` ones, at which it raises; see `steps.Doing`."""

    most: int = 500
    bad: set[UUID] = field(default_factory=set)

    def __call__(self, connection: Connection, job: Job, ids: Sequence[UUID]) -> int:
        connection.execute(insert(NOTED), [{"job": job.id, "id": one} for one in ids])
        if self.bad & set(ids):
            raise ValueError("bad")
        return len(ids)


def noting_steps(engine: Engine, doing: Noting, clock: Clock, reach: Reach = ignore) -> Steps:
    """Return steps of one kind of job, `change`."""
    return Steps(engine, {"change": doing}, clock=clock, reach=reach)


def begin(engine: Engine, ids: Sequence[UUID], clock: Clock, by: Asker = ADA) -> UUID:
    """Make a job, and return its id."""
    asked = Asked(uuid4(), "change", by, {}, clock())
    with classified(), engine.begin() as connection:
        table.make(connection, asked, ids, clock())
    return asked.id


def job_of(engine: Engine, key: UUID) -> Job:
    """Return a job as it is by now."""
    with engine.connect() as connection:
        job = table.one(connection, key)
    assert job is not None
    return job


def noted(engine: Engine, job: UUID) -> Counter[UUID]:
    """Return how often it was done to each."""
    with engine.connect() as connection:
        return Counter(connection.scalars(select(NOTED.c.id).where(NOTED.c.job == job)))
