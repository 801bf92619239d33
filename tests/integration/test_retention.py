"""What a form's retention takes, when, and what it leaves: on both databases, with the real way to erase."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, event, select, text, update

from bench.many_submissions import fill
from shared.database import reading
from shared.failpoints import Injected
from storage_service.accounts.asker import Asker
from storage_service.erasing import Erasing
from storage_service.records.bounded import Reader
from storage_service.retention import due
from storage_service.retention.applying import PAGE, Applying
from storage_service.retention.due import Place
from storage_service.retention.rules import WHATS, Key, Rule
from storage_service.tables import RETENTION, submissions
from storage_service.work import Work
from support.events import an_event
from support.opt_ins import Presses, a_press
from support.plans import plans_of, scans_in
from support.retained import BEGIN, DAY, SOMEBODY, Retained, retained
from support.submission_databases import migrated, store


@pytest.fixture
def world(database_url: str) -> Iterator[Retained]:
    with retained(database_url) as made:
        yield made


def test_what_was_kept_long_enough_is_erased_and_nothing_else(world: Retained) -> None:
    world.says("a", days=180)
    world.says("kept")
    world.counting()
    old, spam = world.stored(181), world.stored(181, spam="honeypot")
    left = {world.stored(179), world.stored(1000, "kept"), world.stored(1000, "not in the file"), world.stored(0)}
    world.applied()
    assert set(world.left()) == left
    assert {old, spam}.isdisjoint(world.left())
    assert [(one.by, one.action, one.on, one.count) for one in world.noted()] == [
        ("rule: retention", "retention.erased", "a", 1),
        ("rule: retention", "retention.erased", "a spam", 1),
    ]


def test_spam_has_a_time_of_its_own(world: Retained) -> None:
    world.says("a", days=180, spam=30)
    world.says("b", spam=30)
    world.counting()
    left = {world.stored(31), world.stored(29, spam="captcha"), world.stored(999, "b")}
    gone = {world.stored(31, spam="captcha"), world.stored(31, "b", spam="honeypot"), world.stored(181)}
    gone |= {world.stored(31, spam="score"), world.stored(31, "b", spam="rule:words")}
    world.applied()
    assert set(world.left()) == left
    assert gone.isdisjoint(world.left())


def test_what_nobody_confirmed_has_a_time_of_its_own(world: Retained) -> None:
    world.says("a", days=400, unconfirmed=30)
    world.says("b")
    world.counting()
    waits = [world.stored(days, opt_in=True) for days in (31, 31, 29)]
    left = {waits[1], waits[2], world.stored(31), world.stored(999, "b", opt_in=True)}
    left.add(world.stored(31, spam="score", opt_in=True))
    with reading(world.engine).connect() as connection:
        row = connection.execute(select(submissions).where(submissions.c.id == waits[1])).one()
    address = {"name": "Ada Lovelace", "meal": "Fish", "news": True, "email": "ada@example.org"}
    press = a_press(an_event(id=row.id, form="a", **address))
    assert Presses(world.engine, clock=world.clock).take(replace(press, accepted_at=row.accepted_at)) == [None]
    counted = {one.key.what: one.due for one in world.outlooks.listed()}
    assert counted == {"unconfirmed": 1, "submissions": 0, "spam": 0}
    world.applied()
    assert set(world.left()) == left
    noted = [(one.by, one.action, one.on, one.count) for one in world.noted()]
    assert noted == [("rule: retention", "retention.erased", "a unconfirmed", 1)]


def test_what_somebody_marked_as_spam_can_be_taken_back_for_a_day(world: Retained) -> None:
    """Whoever marks it may not erase, and may have meant another one."""
    world.says("a", spam=30)
    world.counting()
    work, editor = Work(world.engine, clock=world.clock), Asker("editor@example.org", frozenset({"read", "write"}))
    marked, taken_back = world.stored(300), world.stored(300)
    for key in (marked, taken_back):
        work.spam(key, editor)
    world.applied()
    assert set(world.left()) == {marked, taken_back}
    assert (world.outlooks.behind_s(), world.outlooks.listed()[0].due) == (0, 0)
    work.not_spam(taken_back, editor)
    world.now += DAY
    world.applied()
    assert set(world.left()) == {taken_back}


def test_what_is_made_anonymous_keeps_what_was_chosen_and_stays_in_the_lists(world: Retained) -> None:
    world.says("a", days=9, action="anonymise")
    world.counting()
    key, spam = world.stored(10), world.stored(10, spam="honeypot")
    whole = world.stored(1)
    worker = world.worker()
    world.applied(worker)
    assert world.left() == {
        key: {"meal": "Fish", "news": True},
        whole: {"name": "Ada Lovelace", "meal": "Fish", "news": True},
    }
    assert spam not in world.left(), "spam is erased"
    late = world.stored(9.5)
    earlier = world.stored(100)
    world.applied(worker)
    assert world.left()[late] == {"meal": "Fish", "news": True}
    assert "name" in world.left()[earlier], "that came in late, before what was looked at"
    world.now += DAY
    world.applied(worker)
    assert "name" not in world.left()[earlier], "once a day all is looked at again"
    assert [one.count for one in world.noted() if one.action == "retention.anonymised"] == [1, 1, 1]
    with world.engine.connect() as connection:
        stands = connection.execute(RETENTION.rules.select().where(RETENTION.rules.c.what == "submissions")).one()
    assert stands.done_to is not None


def test_what_was_typed_where_there_is_a_choice_by_now_goes(world: Retained) -> None:
    """The field may have been a free text then, spam that was released was never checked, and imports are not."""
    world.says("a", days=9, action="anonymise")
    world.counting()
    event = an_event(form="a", meal="Fish for Ada Lovelace", news="ask Ada", name="Ada")
    store(world.engine, replace(event, accepted_at=world.now - 20 * DAY))
    world.applied()
    assert world.left() == {event.id: {}}


def test_many_of_one_moment_are_all_taken(world: Retained) -> None:
    """As an import has them, which knows only days: more than a page of them."""
    world.says("a", days=9, action="anonymise")
    world.counting()
    fill(world.engine, PAGE + 9)
    same = {"accepted_at": world.now - 20 * DAY, "form": "a", "spam": None}
    with world.engine.begin() as connection:
        connection.execute(update(submissions).values(same))
    assert len(world.left()) == PAGE + 9
    world.applied()
    assert not any(world.left().values())
    assert [one.count for one in world.noted()] == [PAGE + 9]


def test_a_shorter_time_counts_a_day_after_it_was_seen(world: Retained) -> None:
    world.says("a", days=180)
    world.counting()
    key = world.stored(50)
    world.applied()
    world.says("a", days=18)  # who meant 180
    world.applied()
    world.now += timedelta(hours=23)
    world.applied()
    assert key in world.left()
    world.says("a", days=180)
    world.applied()
    world.now += 10 * DAY
    world.applied()
    assert key in world.left(), "it was mended in time"
    world.says("a", days=18)
    world.counting()
    world.applied()
    assert key not in world.left()


def test_a_new_rule_takes_nothing_for_a_day_and_a_form_that_left_the_file_nothing_at_all(world: Retained) -> None:
    key = world.stored(500)
    world.says("a", days=9)
    world.applied()
    assert key in world.left()
    form = world.forms.pop("a")
    world.applied()
    world.now += 2 * DAY
    world.applied()
    world.forms["a"] = form
    world.applied()
    assert key in world.left(), "the day begins anew"
    assert world.noted() == []


def test_a_worker_stops_as_soon_as_the_file_says_less(world: Retained) -> None:
    """Also between two looks at the table: what was read, and is not erased yet, stays."""
    world.says("a", days=9)
    world.counting()
    keys = {world.stored(10 + number) for number in range(60)}

    class ErasesOnce(Erasing):
        def erase_within(self, *given: Any, **named: Any) -> int:
            world.says("a", days=90)
            return super().erase_within(*given, **named)

    world.applied(world.worker(erases=ErasesOnce(world.engine)))
    left = set(world.left())
    assert keys > left, "vacuous"
    world.applied()
    assert set(world.left()) == left


@pytest.mark.parametrize("form", ["a", None])
def test_paused_it_takes_nothing_until_somebody_says_so(world: Retained, form: str | None) -> None:
    world.says("a", days=9)
    world.says("b", days=9)
    world.counting()
    key, other = world.stored(10), world.stored(10, "b")
    assert world.pauses.pause(form, SOMEBODY)
    assert not world.pauses.pause(form, SOMEBODY), "it is already"
    world.applied()
    assert set(world.left()) == ({key} if form else {key, other})
    assert [one.pause is not None for one in world.outlooks.listed() if one.key.form == "a"] == [True, True]
    assert world.outlooks.behind_s() == 0, "what is paused is not behind"
    assert world.pauses.resume(form, SOMEBODY)
    assert not world.pauses.resume(form, SOMEBODY)
    world.applied()
    assert world.left() == {}
    assert [(one.by, one.action, one.on) for one in world.noted() if one.by == "ada@example.org"] == [
        ("ada@example.org", "retention.paused", form or "all forms"),
        ("ada@example.org", "retention.resumed", form or "all forms"),
    ]


def test_what_is_released_from_spam_meanwhile_stays(world: Retained) -> None:
    world.says("a", days=180, spam=30)
    world.counting()
    key, rule = world.stored(40, spam="honeypot"), Rule(30)
    with world.engine.connect() as connection:
        found = due.page(connection, Key("a", "spam"), rule, world.now, None, 10).due
    assert [one.id for one in found] == [key]
    with world.engine.begin() as connection:
        connection.execute(update(submissions).where(submissions.c.id == key).values(spam=None))
    world.applied()
    assert key in world.left()


def test_interrupted_and_gone_on_with_the_count_is_right(world: Retained) -> None:
    """As far as one process came before it ended in the midst of a step, another goes on; the audit has one line."""
    world.says("a", days=9)
    world.counting()
    for number in range(200):
        world.stored(10 + number)
    reached = list[str]()

    def reach(name: str) -> None:
        reached.append(name)
        if reached.count("retention-before-commit") == 3:
            raise Injected(name)

    with pytest.raises(Injected):
        world.applied(world.worker(reach))
    left = len(world.left())
    assert 0 < left < 200, "vacuous"
    assert [one.going_on for one in world.outlooks.listed() if one.key.what == "submissions"] == [200 - left]
    world.now += timedelta(minutes=1)
    world.applied()
    assert world.left() == {}
    assert [(one.on, one.count) for one in world.noted()] == [("a", 200)]
    found = next(one for one in world.outlooks.listed() if one.key.what == "submissions")
    assert (found.last_count, found.going_on, found.due) == (200, None, 0)


def test_one_that_cannot_be_erased_keeps_no_other(world: Retained) -> None:
    world.says("a", days=9)
    world.counting()
    bad, *others = [world.stored(50 - number) for number in range(30)]

    class FailsForOne(Erasing):
        def erase_within(self, connection: Connection, ids: Sequence[UUID], *given: Any, **named: Any) -> int:
            if bad in ids:
                raise ValueError
            return super().erase_within(connection, ids, *given, **named)

    world.applied(world.worker(erases=FailsForOne(world.engine)))
    assert set(world.left()) == {bad}
    assert [one.count for one in world.noted()] == [len(others)]


def test_what_is_to_come_is_told_before_it_is_done(world: Retained) -> None:
    world.says("a", days=180, spam=30)
    for days in (200, 190, 100):
        world.stored(days)
    world.applied()
    pending, spam = world.outlooks.listed()
    assert (pending.key, pending.rule) == (Key("a", "submissions"), Rule(180))
    assert (pending.counts_at, pending.until_then, pending.due) == (BEGIN + DAY, None, 2)
    assert pending.next_at == BEGIN + DAY, "at once, as soon as it counts"
    assert (spam.key.what, spam.due, spam.next_at) == ("spam", 0, None)
    assert world.outlooks.behind_s() == 0
    world.now = BEGIN + DAY
    assert world.outlooks.behind_s() == 0, "nobody has seen that it counts"
    world.applied()
    counts, _ = world.outlooks.listed()
    assert (counts.counts_at, counts.due, counts.last_count) == (None, 0, 2)
    assert counts.next_at == BEGIN + 80 * DAY
    world.now = BEGIN + 81 * DAY
    assert world.outlooks.behind_s() == DAY.total_seconds()
    assert world.outlooks.listed(frozenset(["b"])) == []


def test_one_worker_works_and_another_goes_on_when_it_is_gone(world: Retained) -> None:
    world.says("a", days=9)
    first, second = world.worker(), world.worker()
    world.applied(first)
    world.now += DAY
    key = world.stored(10)
    first.turn()
    assert key not in world.left()
    other = world.stored(10)
    second.turn()
    assert other in world.left(), "the first has the lease"
    world.now += timedelta(minutes=1)
    second.turn()
    assert other not in world.left()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('retention') / 'test.db'}"
    else:
        url = request.getfixturevalue("postgres").create_database("test_retention_plans")
    with migrated(url) as made:
        fill(made, 20_000)
        with made.begin() as connection:
            connection.execute(update(submissions).values(form="form7"))
            connection.execute(update(submissions).where(submissions.c.state == "new").values(spam="honeypot"))
            connection.execute(text("ANALYZE submissions"))
        yield made


@pytest.mark.parametrize("action", ["erase", "anonymise"])
@pytest.mark.parametrize("what", WHATS)
def test_what_is_due_is_found_by_an_index(filled: Engine, what: str, action: str) -> None:
    key, rule = Key("form7", what), Rule(9, action)  # type: ignore[arg-type]
    middle = Place(datetime(2026, 1, 1, 2, tzinfo=UTC), UUID(int=5000))

    def ask() -> None:
        with Reader(filled).connection() as connection:
            for after in (None, middle):
                due.page(connection, key, rule, BEGIN, after, 500)
            due.count(connection, key, rule, BEGIN)
            due.first(connection, key, rule, BEGIN)
            due.first(connection, key, rule, BEGIN, BEGIN)

    plans = plans_of(filled, ask)
    print(*plans, sep="\n")
    assert len(plans) >= 5
    assert not scans_in(filled, plans)
    assert not [plan for plan in plans if "Sort" in plan or "TEMP B-TREE" in plan], "in the index's own order"


class _Slow:
    """Erases as it is done, and takes its time."""

    def __init__(self, erasing: Erasing) -> None:
        self._erasing = erasing
        self.steps_s = list[float]()

    def erase_within(self, connection: Connection, ids: Sequence[UUID], by: Asker) -> int:
        began_s = time.monotonic()
        count = self._erasing.erase_within(connection, ids, by)
        time.sleep(0.02)
        self.steps_s.append(time.monotonic() - began_s)
        return count

    anonymise_within: Any = None


def test_steps_are_a_small_part_of_the_time(world: Retained) -> None:
    world.says("a", days=180)
    world.counting()
    for _ in range(101):
        world.stored(181)
    slow, began_s = _Slow(Erasing(world.engine, clock=world.clock)), time.monotonic()
    world.applied(world.worker(erases=slow))
    is_sqlite = world.engine.dialect.name == "sqlite"
    assert len(slow.steps_s) <= (9 if is_sqlite else 3)
    assert time.monotonic() - began_s > (4 if is_sqlite else 10) * sum(slow.steps_s)


def test_a_step_takes_as_many_statements_however_many_it_erases(world: Retained) -> None:
    world.says("a", days=180)
    world.counting()
    for _ in range(60):
        world.stored(181)
    applying = Applying(world.engine, Erasing(world.engine, clock=world.clock), world.forms, clock=world.clock)
    key, rule = Key("a", "submissions"), Rule(180)
    applying.see()
    found, counts = applying.page(key, rule, None).due, list[int]()
    for some in (found[:10], found[10:]):
        sent = list[str]()
        listening = (world.engine, "before_cursor_execute", lambda *told, sent=sent: sent.append(told[2]))
        event.listen(*listening)
        assert applying.step(key, rule, some).count == len(some)
        event.remove(*listening)
        counts.append(len(sent))
    assert counts[0] == counts[1] <= 21
