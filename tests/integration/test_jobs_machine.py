"""Whatever happens in whatever order, nothing is done twice, and what is counted as done is."""

from __future__ import annotations

import tempfile
from collections import Counter
from contextlib import suppress
from pathlib import Path
from uuid import UUID, uuid4

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import Engine, delete

from shared import database
from shared.failpoints import Injected
from storage_service.jobs import table
from storage_service.jobs.steps import Lost, Work
from storage_service.jobs.table import LEASE
from storage_service.tables import JOBS, MIGRATIONS
from support.jobs import NOTED, Clock, Noting, begin, job_of, noted, noting_steps
from support.migrating import migrate

_DEATHS = st.sampled_from(["job-before-step", "job-before-commit", "job-after-commit"])
_SOME = st.integers(0, 1)


class Machine(RuleBasedStateMachine):
    """Two runners at the jobs of one database: they work, die, come too late, and stop in the midst of it."""

    engine: Engine
    jobs = Bundle("jobs")

    @initialize()
    def _begin(self) -> None:
        with self.engine.begin() as connection:
            connection.execute(delete(JOBS.jobs))
            connection.execute(delete(NOTED))
        self.clock, self.doing = Clock(), Noting(most=7)
        self.sets = dict[UUID, list[UUID]]()
        self.dies_at = ""
        self.steps = noting_steps(self.engine, self.doing, self.clock, self._reach)
        self.works = dict[int, Work]()

    def _reach(self, name: str) -> None:
        if name == self.dies_at:
            raise Injected(name)

    @rule(target=jobs, size=st.integers(1, 25))
    def asks(self, size: int) -> UUID:
        ids = [uuid4() for _ in range(size)]
        job = begin(self.engine, ids, self.clock)
        self.sets[job] = ids
        return job

    @rule(job=jobs, place=st.integers(0, 24))
    def one_is_bad(self, job: UUID, place: int) -> None:
        self.doing.bad |= set(self.sets[job][place : place + 1])

    @rule(runner=_SOME)
    def takes(self, runner: int) -> None:
        if runner not in self.works and (work := self.steps.take()):
            self.works[runner] = work

    @rule(runner=_SOME, steps=st.integers(1, 3))
    def works_on(self, runner: int, steps: int) -> None:
        self.takes(runner)
        while steps and (work := self.works.get(runner)):
            steps -= self._goes_on(runner, work) or steps

    def _goes_on(self, runner: int, work: Work) -> bool:
        try:
            work.go_on()
        except Lost:
            del self.works[runner]
            return False
        if not work.job.is_open:
            del self.works[runner]
        return work.job.is_open

    @rule(runner=_SOME, point=_DEATHS)
    def dies(self, runner: int, point: str) -> None:
        self.takes(runner)
        if (work := self.works.pop(runner, None)) is None:
            return
        self.dies_at = point
        with suppress(Injected, Lost):
            work.go_on()
        self.dies_at = ""

    @rule(runner=_SOME)
    def gives_back(self, runner: int) -> None:
        if work := self.works.pop(runner, None):
            work.give_back()

    @rule(job=jobs)
    def is_told_to_stop(self, job: UUID) -> None:
        with self.engine.begin() as connection:
            table.ask_to_stop(connection, job)

    @rule(runner=_SOME)
    def comes_late(self, runner: int) -> None:
        """It is frozen, another one takes its job, and then it goes on."""
        self.takes(runner)
        self.a_lease_ends()
        self.works_on(1 - runner, 1)
        self.works_on(runner, 1)

    @rule()
    def a_lease_ends(self) -> None:
        self.clock.goes_on(LEASE.total_seconds())

    @invariant()
    def what_is_done_is_done_once(self) -> None:
        for key, ids in getattr(self, "sets", {}).items():
            job, seen = job_of(self.engine, key), noted(self.engine, key)
            assert seen == Counter(list(seen)), "twice"
            assert set(seen) <= set(ids[: job.done])
            assert (len(seen), job.failed) == (job.changed, job.done - job.changed)
            assert job.is_open == (job.finished_at is None)

    def teardown(self) -> None:
        if not hasattr(self, "clock"):
            return
        self.clock.goes_on(LEASE.total_seconds())
        while work := self.steps.take():
            while work.job.is_open:
                work.go_on()
        self.what_is_done_is_done_once()
        for key, ids in self.sets.items():
            job = job_of(self.engine, key)
            assert not job.is_open
            assert job.state == "stopped" or set(noted(self.engine, key)) >= set(ids) - self.doing.bad - self._died(key)

    def _died(self, key: UUID) -> set[UUID]:
        """Return what may have been passed over because processes ended at it, bad or not."""
        job = job_of(self.engine, key)
        return set(self.sets[key]) if job.error == "it ended each process" else set()


def _run(url: str, examples: int) -> None:
    engine = database.create(url)
    migrate(engine, MIGRATIONS)
    NOTED.create(engine)

    class Here(Machine):
        pass

    Here.engine = engine
    try:
        run_state_machine_as_test(
            Here,
            settings=settings(
                max_examples=examples,
                stateful_step_count=30,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        engine.dispose()


def test_on_postgresql(postgres_url: str) -> None:
    _run(postgres_url, 15)


def test_on_sqlite() -> None:
    # in memory where there is a place for it: nothing is lost here but the machine's power
    with tempfile.TemporaryDirectory(dir=_quick_place()) as place:
        _run(f"sqlite:///{Path(place) / 'test.db'}", 40)


def _quick_place() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
