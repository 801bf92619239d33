"""Jobs: each submission of a set has its turn once, whoever works on it, and whoever dies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine, func, select

from shared.failpoints import Injected
from shared.messaging.failures import DependencyUnavailable
from storage_service.jobs import table
from storage_service.jobs.forgetting import KEPT_FOR, Forgetting
from storage_service.jobs.measuring import measure_jobs
from storage_service.jobs.runner import JobRunner
from storage_service.jobs.steps import DEATHS_MOST, FAILED_MOST, Lost, Steps, Work
from storage_service.jobs.table import LEASE, Open
from storage_service.tables import JOBS
from support.jobs import NOTED, Clock, Noting, begin, job_of, noted, noting_steps
from support.submission_databases import migrated

POINTS = ["job-before-step", "job-before-commit", "job-after-commit"]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        NOTED.create(made)
        yield made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def doing() -> Noting:
    return Noting()


@pytest.fixture
def steps(engine: Engine, doing: Noting, clock: Clock) -> Steps:
    return noting_steps(engine, doing, clock)


def taken(steps: Steps) -> Work:
    work = steps.take()
    assert work is not None
    return work


def finish(steps: Steps) -> None:
    """Work until nothing waits."""
    runner = JobRunner(steps)
    while runner.turn():
        pass


def test_each_has_its_turn_once_in_its_order_and_then_it_is_done(engine: Engine, steps: Steps, clock: Clock) -> None:
    ids = [uuid4() for _ in range(2345)]
    job = begin(engine, ids, clock)
    assert job_of(engine, job).state == "waiting"
    work = taken(steps)
    work.go_on()
    seen = job_of(engine, job)
    assert (seen.state, seen.total, seen.changed) == ("running", 2345, seen.done)
    assert noted(engine, job) == Counter(ids[: seen.done])
    work.give_back()
    finish(steps)
    seen = job_of(engine, job)
    assert (seen.state, seen.done, seen.changed, seen.failed, seen.holder) == ("done", 2345, 2345, 0, None)
    assert noted(engine, job) == Counter(ids)


def test_a_job_without_anything_to_do_is_done(engine: Engine, steps: Steps, clock: Clock) -> None:
    job = job_of(engine, begin(engine, [], clock))
    assert (job.state, job.total, job.finished_at) == ("done", 0, clock.now)
    assert steps.take() is None


def test_many_at_once_do_each_once(engine: Engine, doing: Noting, clock: Clock) -> None:
    sets = {(ids := tuple(uuid4() for _ in range(300))): begin(engine, ids, clock) for _ in range(4)}
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: finish(noting_steps(engine, doing, clock)), range(4)))
    finish(noting_steps(engine, doing, clock))
    for ids, job in sets.items():
        assert noted(engine, job) == Counter(ids)


@pytest.mark.parametrize("point", POINTS)
def test_an_end_anywhere_leaves_a_whole_step_and_another_goes_on(
    engine: Engine, doing: Noting, clock: Clock, point: str
) -> None:
    ids = [uuid4() for _ in range(100)]
    job = begin(engine, ids, clock)

    def end(name: str) -> None:
        if name == point:
            raise Injected(name)

    with pytest.raises(Injected):
        taken(noting_steps(engine, doing, clock, end)).go_on()
    seen = job_of(engine, job)
    assert (seen.done > 0) == (point == "job-after-commit")
    assert noted(engine, job) == Counter(ids[: seen.done])
    other = noting_steps(engine, doing, clock)
    assert other.take() is None, "the lease of the dead goes on"
    clock.goes_on(LEASE.total_seconds())
    finish(other)
    assert noted(engine, job) == Counter(ids)


def test_who_was_away_for_too_long_does_nothing_more(engine: Engine, steps: Steps, clock: Clock) -> None:
    job = begin(engine, [uuid4() for _ in range(100)], clock)
    slow = taken(steps)
    slow.go_on()
    clock.goes_on(LEASE.total_seconds())
    quick = taken(steps)
    done = job_of(engine, job).done
    with pytest.raises(Lost):
        slow.go_on()
    assert job_of(engine, job).done == done
    slow.give_back()
    quick.go_on()
    assert job_of(engine, job).done > done


def test_each_step_renews_the_lease(engine: Engine, steps: Steps, clock: Clock) -> None:
    begin(engine, [uuid4() for _ in range(1000)], clock)
    work = taken(steps)
    for _ in range(3):
        clock.goes_on(LEASE.total_seconds() - 1)
        work.go_on()
        assert steps.take() is None


def test_what_fails_is_passed_over_and_the_others_are_done(
    engine: Engine, steps: Steps, doing: Noting, clock: Clock
) -> None:
    ids = [uuid4() for _ in range(200)]
    doing.bad = {ids[0], ids[77], ids[199]}
    job = begin(engine, ids, clock)
    finish(steps)
    seen = job_of(engine, job)
    assert (seen.state, seen.done, seen.changed, seen.failed) == ("done", 200, 197, 3)
    assert seen.error == "ValueError: see the log"
    assert noted(engine, job) == Counter(set(ids) - doing.bad)


def test_where_all_fail_the_job_does(engine: Engine, steps: Steps, doing: Noting, clock: Clock) -> None:
    ids = [uuid4() for _ in range(300)]
    doing.bad = set(ids)
    job = begin(engine, ids, clock)
    finish(steps)
    seen = job_of(engine, job)
    assert (seen.state, seen.failed, seen.changed) == ("failed", FAILED_MOST, 0)


def test_what_ends_each_process_is_passed_over(engine: Engine, doing: Noting, clock: Clock) -> None:
    ids = [uuid4() for _ in range(30)]
    job, deaths = begin(engine, ids, clock), 0
    deadly = Noting(bad={ids[13]})
    while job_of(engine, job).is_open:
        work = taken(noting_steps(engine, deadly, clock))
        try:
            while work.job.is_open:
                work.job, _, _ = work._steps.step(job, work._holder, work._pace.rows)  # a bug that no code catches
                work._pace.rows += 1
        except ValueError:
            deaths += 1
            clock.goes_on(LEASE.total_seconds())
    seen = job_of(engine, job)
    assert (seen.state, seen.failed, seen.error) == ("done", 1, "it ended each process")
    assert noted(engine, job) == Counter(set(ids) - deadly.bad)
    assert deaths < 4 * DEATHS_MOST


def test_jobs_have_turns(engine: Engine, steps: Steps, clock: Clock) -> None:
    jobs = []
    for _ in range(2):
        jobs.append(begin(engine, [uuid4() for _ in range(1000)], clock))
        clock.goes_on(1)
    seen = []
    for _ in range(4):
        work = taken(steps)
        work.go_on()
        clock.goes_on(1)
        work.give_back()
        seen.append(work.job.id)
    assert seen == [*jobs, *jobs]


def test_a_kind_that_is_not_known_waits_for_who_knows_it(engine: Engine, clock: Clock) -> None:
    begin(engine, [uuid4()], clock)
    assert Steps(engine, {"resend": Noting()}, clock=clock).take() is None


def test_it_ends_as_told_and_lets_the_next_go_on_at_once(engine: Engine, doing: Noting, clock: Clock) -> None:
    job = begin(engine, [uuid4() for _ in range(1000)], clock)

    def reach(name: str) -> None:
        if name == "job-before-step":
            runner.stop()

    runner = JobRunner(noting_steps(engine, doing, clock, reach))
    runner.run()
    seen = job_of(engine, job)
    assert (seen.state, seen.holder) == ("running", None)
    assert 0 < seen.done < 1000
    finish(noting_steps(engine, doing, clock))
    assert noted(engine, job).total() == 1000


def test_a_database_that_is_away_for_a_moment_is_no_death(engine: Engine, clock: Clock) -> None:
    class Busy(Noting):
        def __call__(self, *_: object) -> int:
            raise DependencyUnavailable("locked")

    ids = [uuid4() for _ in range(30)]
    job = begin(engine, ids, clock)
    for _ in range(DEATHS_MOST + 1):
        with pytest.raises(DependencyUnavailable):
            JobRunner(noting_steps(engine, Busy(), clock)).turn()
    seen = job_of(engine, job)
    assert (seen.holder, seen.deaths, seen.failed) == (None, 0, 0)
    finish(noting_steps(engine, Noting(), clock))
    assert noted(engine, job) == Counter(ids)


def test_while_the_database_is_away_it_waits_and_lives(clock: Clock) -> None:
    tried = list[int]()

    class Away(Steps):
        def take(self, only: object = None) -> Work | None:
            tried.append(1)
            if len(tried) > 1:
                runner.stop()
            raise DependencyUnavailable("away")

    runner = JobRunner(Away(None, {}))  # type: ignore[arg-type]
    runner.run()
    assert len(tried) == 2
    assert (runner.stuck(), runner.missing()) == ([], [])


def test_old_jobs_are_forgotten_with_their_sets(engine: Engine, steps: Steps, clock: Clock) -> None:
    old = begin(engine, [uuid4()], clock)
    finish(steps)
    clock.goes_on(60)
    begin(engine, [uuid4()], clock)
    clock.now += KEPT_FOR - timedelta(seconds=30)
    forget = Forgetting(engine, clock)
    assert (forget(), forget(), forget()) == (1, 0, 0)
    with engine.connect() as connection:
        assert table.one(connection, old) is None
        assert connection.scalar(select(func.count()).select_from(JOBS.sets)) == 1
        [left] = table.listed(connection, None, 10)
    assert left.state == "waiting", "what is not finished stays"


def test_what_is_not_finished_is_a_figure_and_what_ended_is_counted(engine: Engine, steps: Steps, clock: Clock) -> None:
    begin(engine, [uuid4() for _ in range(100)], clock)
    begin(engine, [uuid4()], clock)
    work = taken(steps)
    clock.goes_on(7)
    with engine.connect() as connection:
        assert table.opened(connection, clock.now) == Open(waiting=1, running=1, oldest_s=7)
    registry = CollectorRegistry()
    work.give_back()
    runner = JobRunner(steps, ended=measure_jobs(registry, lambda: Open(2, 1, 7.5)))
    while runner.turn():
        pass
    assert registry.get_sample_value("counterfoil_jobs", {"state": "waiting"}) == 2
    assert registry.get_sample_value("counterfoil_jobs_oldest_seconds") == 7.5
    assert registry.get_sample_value("counterfoil_jobs_ended_total", {"state": "done"}) == 2


def test_there_are_no_figures_while_the_database_is_away() -> None:
    def away() -> Open:
        raise DependencyUnavailable("away")

    registry = CollectorRegistry()
    measure_jobs(registry, away)
    assert registry.get_sample_value("counterfoil_jobs", {"state": "waiting"}) is None
