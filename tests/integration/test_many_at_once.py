"""What owners do to many submissions: counted, confirmed, done once, followed, stopped, undone."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from shared.contracts import SubmissionReleased, SubmissionWithheld
from shared.query import parse
from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import Audit
from storage_service.erasing import Erasing
from storage_service.jobs.asking import OPEN_MOST, Jobs, Wanted
from storage_service.jobs.job import Job
from storage_service.jobs.kinds import kinds_of
from storage_service.jobs.refusals import Differs, NoJob, OtherRequest, TooLarge, TooMany, Unfit
from storage_service.jobs.runner import JobRunner
from storage_service.jobs.steps import Steps
from storage_service.records import Records
from storage_service.work import Change, Work
from support.events import an_event
from support.resending import a_state, outgoing, tell
from support.submission_databases import NOW, migrated, store
from support.working import an_asker, record_of, verdicts

ADA = an_asker()
BOB = an_asker(name="bob@example.org")
ADMIN = replace(an_asker(name="root"), scopes=frozenset({"admin"}))
DONE = Change(state="done")


@dataclass
class World:
    """Jobs of one database, whose runner turns as told, and never in a request."""

    engine: Engine

    def __post_init__(self) -> None:
        self.now = datetime.now(UTC)
        self.work = Work(self.engine)
        self.records, self.audit = Records(self.engine), Audit(self.engine)
        self.runner = JobRunner(
            Steps(self.engine, kinds_of(self.engine, self.work, Erasing(self.engine), self.clock), clock=self.clock)
        )
        self.jobs = Jobs(self.engine, self.records, self.runner, self.audit, clock=self.clock, at_once_most=0)

    def clock(self) -> datetime:
        return self.now

    def wanted(self, text: str | None = "", change: Change = DONE, **others: Any) -> Wanted:
        query = None if text is None else parse(text)
        return Wanted("change", {"change": change.to_json()}, self.now, query=query, text=text, **others)

    def ask(self, text: str | None = "", change: Change = DONE, by: Asker = ADA, **others: Any) -> Job:
        return self.ask_for(self.wanted(text, change, **others), by)

    def ask_for(self, wanted: Wanted, by: Asker = ADA, key: str | None = None) -> Job:
        return self.jobs.ask(wanted, by, self.jobs.count(wanted, by), key)[0]

    def finish(self, job: Job) -> Job:
        while self.runner.turn():
            pass
        return self.jobs.one(job.id, job.asked.by)

    def stored(self, count: int, **others: Any) -> list[UUID]:
        events = [replace(an_event(n=number), **others) for number in range(count)]
        store(self.engine, *events)
        return [one.id for one in events]


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with migrated(database_url) as engine:
        yield World(engine)


def test_it_is_counted_confirmed_and_done(world: World) -> None:
    ids = world.stored(250)
    world.work.change(ids[0], Change(state="done"), BOB)
    wanted = world.wanted("form:signup")
    assert world.jobs.count(wanted, ADA) == 250
    assert record_of(world.engine, ids[1]).state == "new", "to count does nothing"
    job = world.ask_for(wanted)
    assert (job.state, job.total, job.done) == ("waiting", 250, 0)
    job = world.finish(job)
    assert (job.state, job.done, job.changed, job.failed) == ("done", 250, 249, 0)
    assert {record_of(world.engine, one).state for one in ids} == {"done"}
    [step] = world.work.trail(ids[1])
    assert (step.by, step.job, step.changes) == (ADA.name, job.id, {"state": ["new", "done"]})


def test_what_no_longer_matches_because_of_the_job_hides_no_others_and_what_comes_later_is_not_in_it(
    world: World,
) -> None:
    ids = world.stored(120, spam="trap")
    job = world.ask("is:spam", Change(spam=False))
    world.now += timedelta(minutes=1)
    later = world.stored(3, spam="trap")
    job = world.finish(job)
    assert (job.total, job.changed) == (120, 120)
    assert {record_of(world.engine, one).spam for one in ids} == {None}
    assert {record_of(world.engine, one).spam for one in later} == {"trap"}


def test_what_was_stored_after_the_moment_of_counting_is_not_in_it(world: World) -> None:
    world.stored(2)
    wanted = replace(world.wanted(), moment=NOW - timedelta(seconds=1))
    assert world.jobs.count(wanted, ADA) == 0
    assert world.jobs.ask(wanted, ADA, 0, None)[0].total == 0
    assert world.jobs.count(replace(wanted, moment=NOW), ADA) == 2


def test_more_than_was_confirmed_are_left_alone_and_fewer_are_done(world: World) -> None:
    ids = world.stored(5)
    with pytest.raises(Differs) as refused:
        world.jobs.ask(world.wanted(), ADA, 4, None)
    assert refused.value.count == 5
    assert world.jobs.listed(ADA, 10) == []
    world.work.change(ids[0], Change(spam=True), BOB)
    job, _ = world.jobs.ask(world.wanted("-is:spam"), ADA, 5, None)
    assert world.finish(job).total == 4


def test_ids_are_those_that_the_asker_may_see_each_once(world: World) -> None:
    [theirs] = world.stored(1, form="contact")
    ids = world.stored(2)
    by = an_asker("signup")
    wanted = world.wanted(None, ids=[*ids, ids[0], theirs, uuid4()])
    assert world.jobs.count(wanted, by) == 2
    job = world.finish(world.ask_for(wanted, by))
    assert (job.total, job.changed) == (2, 2)
    assert record_of(world.engine, theirs).state == "new"


def test_a_query_finds_what_the_asker_may_see_by_their_day_and_name(world: World) -> None:
    world.stored(2, form="contact")
    world.stored(3, accepted_at=datetime(2026, 11, 22, 23, 30, tzinfo=UTC))
    berlin = ZoneInfo("Europe/Berlin")
    assert world.jobs.count(world.wanted("on:2026-11-23", zone=berlin), ADA) == 3
    assert world.jobs.count(world.wanted("on:2026-11-22", zone=berlin), ADA) == 0
    assert world.jobs.count(world.wanted(), an_asker("signup")) == 3


def test_the_same_key_is_the_same_job_of_the_same_asker(world: World) -> None:
    world.stored(3)
    first, is_new = world.jobs.ask(world.wanted(), ADA, 3, "k")
    assert is_new
    world.finish(first)
    again, is_new = world.jobs.ask(replace(world.wanted(), moment=world.now), ADA, 3, "k")
    assert (again.id, again.state, is_new) == (first.id, "done", False)
    with pytest.raises(OtherRequest):
        world.jobs.ask(world.wanted("form:signup"), ADA, 3, "k")
    assert world.jobs.ask(world.wanted(), BOB, 3, "k")[0].id != first.id


def test_the_same_key_at_the_same_time_is_one_job(world: World) -> None:
    world.stored(3)
    wanted = world.wanted()
    with ThreadPoolExecutor(4) as threads:
        asked = list(threads.map(lambda _: world.jobs.ask(wanted, ADA, 3, "k"), range(4)))
    assert len({job.id for job, _ in asked}) == 1
    assert [is_new for _, is_new in asked].count(True) == 1
    assert len(world.jobs.listed(ADA, 10)) == 1


def test_a_few_are_done_in_the_request(world: World) -> None:
    world.stored(50)
    jobs = Jobs(world.engine, world.records, world.runner, world.audit)
    job, _ = jobs.ask(world.wanted(), ADA, 50, None)
    assert (job.state, job.changed) == ("done", 50)


def test_too_many_submissions_and_too_many_jobs_are_refused(world: World) -> None:
    world.stored(4)
    jobs = Jobs(world.engine, world.records, world.runner, world.audit, clock=world.clock, most=3, at_once_most=0)
    with pytest.raises(TooLarge, match="more than 3 at once"):
        jobs.count(world.wanted(), ADA)
    with pytest.raises(TooLarge):
        jobs.ask(world.wanted(), ADA, 100, None)
    for _ in range(OPEN_MOST):
        world.ask()
    with pytest.raises(TooMany):
        world.ask()
    world.ask(by=BOB)
    world.finish(world.jobs.listed(ADA, 1)[0])
    world.ask()


def test_others_jobs_do_not_exist_but_for_admins(world: World) -> None:
    world.stored(1)
    first, second = world.ask(), world.ask(by=BOB)
    assert [one.id for one in world.jobs.listed(ADA, 10)] == [first.id]
    assert {one.id for one in world.jobs.listed(ADMIN, 10)} == {first.id, second.id}
    for ask in (world.jobs.one, world.jobs.stop, world.jobs.undo):
        with pytest.raises(NoJob):
            ask(first.id, BOB)
        with pytest.raises(NoJob):
            ask(uuid4(), ADA)
    assert world.jobs.stop(second.id, ADMIN).state == "stopped"


def test_lists_go_on_beyond_a_job(world: World) -> None:
    made = []
    for _ in range(5):
        world.now += timedelta(seconds=1)
        made.append(world.ask("form:none").id)
    newest = [one.id for one in world.jobs.listed(ADA, 2)]
    assert newest == made[:2:-1]
    assert [one.id for one in world.jobs.listed(ADA, 10, newest[-1])] == made[2::-1]


def test_a_job_that_waits_is_stopped_at_once_and_one_that_is_worked_on_at_its_next_step(world: World) -> None:
    world.stored(100)
    assert world.jobs.stop(world.ask().id, ADA).state == "stopped"
    job = world.ask()
    steps = Steps(
        world.engine, kinds_of(world.engine, world.work, Erasing(world.engine), world.clock), clock=world.clock
    )
    taken = steps.take(job.id)
    assert taken is not None
    taken.go_on()
    assert world.jobs.stop(job.id, ADA).stopping
    taken.go_on()
    job = world.jobs.one(job.id, ADA)
    assert job.state == "stopped"
    assert 0 < job.changed == job.done < 100
    assert world.jobs.stop(job.id, ADA) == job, "it has ended"
    undone = world.finish(world.jobs.undo(job.id, ADA)[0])
    assert undone.changed == job.changed


def test_everything_is_set_back_but_what_was_changed_since(world: World) -> None:
    ids = world.stored(40)
    world.work.change(ids[0], Change(state="open", labels=("urgent", "old"), assignee="bob@example.org"), BOB)
    before = [record_of(world.engine, one) for one in ids]
    change = Change(state="done", starred=True, add_labels=("new",), remove_labels=("old",), assignee="ada@example.org")
    job = world.finish(world.ask(change=change))
    assert job.changed == 40
    [noted] = world.audit.page(10, on=f"job {job.id}")
    assert (noted.by, noted.action, noted.count) == (ADA.name, "job.change", 40)
    seen = record_of(world.engine, ids[0])
    assert (seen.state, seen.starred, set(seen.labels)) == ("done", True, {"urgent", "new"})
    world.work.change(ids[7], Change(starred=False), BOB)
    undo = world.finish(world.jobs.undo(job.id, ADA)[0])
    assert (undo.state, undo.total, undo.changed, undo.asked.undo_of) == ("done", 40, 39, job.id)
    for number, one in enumerate(before):
        seen = record_of(world.engine, one.id)
        if number == 7:
            assert (seen.state, seen.starred) == ("done", False), "somebody has changed it since"
        else:
            assert replace(seen, version=one.version) == one
    assert world.jobs.undo(job.id, ADA) == (undo, False), "once"
    assert world.jobs.undone_by(job) == undo


def test_an_undo_that_was_stopped_is_asked_for_again(world: World) -> None:
    ids = world.stored(60)
    job = world.finish(world.ask())
    first, _ = world.jobs.undo(job.id, ADA)
    steps = Steps(
        world.engine, kinds_of(world.engine, world.work, Erasing(world.engine), world.clock), clock=world.clock
    )
    taken = steps.take(first.id)
    assert taken is not None
    taken.go_on()
    world.jobs.stop(first.id, ADA)
    assert world.jobs.undo(job.id, ADMIN)[0].id == first.id, "it goes on"
    taken.go_on()
    assert taken.job.state == "stopped"
    assert 0 < taken.job.changed < 60
    second, is_new = world.jobs.undo(job.id, ADMIN)
    assert is_new
    second = world.finish(second)
    assert (second.state, second.changed) == ("done", 60 - taken.job.changed)
    assert {record_of(world.engine, one).state for one in ids} == {"new"}
    assert world.jobs.undo(job.id, ADA) == (second, False)
    assert world.jobs.undone_by(job) == second


def test_what_was_undone_can_be_done_again_by_undoing_that(world: World) -> None:
    [one] = world.stored(1)
    job = world.finish(world.ask())
    undo = world.finish(world.jobs.undo(job.id, ADA)[0])
    assert record_of(world.engine, one).state == "new"
    redo = world.finish(world.jobs.undo(undo.id, ADA)[0])
    assert (redo.changed, record_of(world.engine, one).state) == (1, "done")


def test_a_job_that_goes_on_cannot_be_undone(world: World) -> None:
    world.stored(1)
    with pytest.raises(Unfit, match="stop it first"):
        world.jobs.undo(world.ask().id, ADA)


def test_what_is_no_spam_is_released_and_withheld_again_when_that_is_undone(world: World) -> None:
    ids = world.stored(30, spam="honeypot")
    job = world.finish(world.ask("is:spam", Change(spam=False)))
    released = verdicts(world.engine)
    assert {type(one) for one in released} == {SubmissionReleased}
    assert {one.id for one in released} == set(ids)
    world.finish(world.jobs.undo(job.id, ADA)[0])
    withheld = verdicts(world.engine)[30:]
    assert {type(one) for one in withheld} == {SubmissionWithheld}
    assert {one.id for one in withheld} == set(ids)
    assert {one.version for one in withheld} == {3}


def test_what_failed_is_sent_again_once_and_cannot_be_undone(world: World) -> None:
    events = [an_event(n=number) for number in range(40)]
    store(world.engine, *events)
    tell(world.engine, *[a_state(one) for one in events[:30]])
    tell(world.engine, a_state(events[0], channel="webhook"), a_state(events[30], "held"), a_state(events[31], "sent"))
    action = {"channel": "owner", "states": ["failed"]}
    wanted = replace(world.wanted("is:failed OR is:held"), kind="resend", action=action)
    job = world.finish(world.ask_for(wanted))
    assert (job.total, job.changed) == (31, 30)
    requests = outgoing(world.engine)
    assert {one.submission.id for one in requests} == {one.id for one in events[:30]}
    assert {(one.channel, one.requested_by) for one in requests} == {("owner", ADA.name)}
    again = world.finish(world.ask_for(wanted))
    assert again.changed == 0, "it is asked for already"
    both = replace(wanted, action={"channel": None, "states": ["failed", "held"]})
    assert world.finish(world.ask_for(both)).changed == 2
    with pytest.raises(Unfit, match="cannot be taken back"):
        world.jobs.undo(job.id, ADA)
