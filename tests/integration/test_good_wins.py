"""For one id good wins: whatever two gateways say of it, in whatever order all of it arrives, it is delivered once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from sqlalchemy import Engine, func, select

from notify_service.tables import MIGRATIONS as OF_NOTIFY
from shared import database
from shared.contracts import ERASED_GRACE, SubmissionReleased, SubmissionWithheld, Verdict, fingerprint
from shared.contracts.spam import is_verdict
from shared.messaging.failures import DependencyUnavailable
from storage_service.deliveries.resending import Resending, Withheld
from storage_service.deliveries.selection import Selection
from storage_service.erasing import Erasing
from storage_service.store.good_wins import BY
from storage_service.store.repository import SubmissionRepository
from storage_service.tables import MIGRATIONS as OF_STORAGE
from storage_service.tables import OUTBOX, conflicts
from storage_service.work import Change
from storage_service.work.trail import Step
from support.both_services import BothServices
from support.erasures import ERASER
from support.migrating import migrate
from support.polling import eventually
from support.working import an_asker, verdicts

ADA = an_asker()
ONCE = {"confirmation": 1, "webhook": 1}
VERDICTS = ["score", "rule:words"]


@pytest.fixture(params=["sqlite", "postgresql"])
def engines(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Engine, Engine]]:
    """Of storage and of notify."""
    urls = [f"sqlite:///{tmp_path / 'storage.db'}", f"sqlite:///{tmp_path / 'notify.db'}"]
    if request.param == "postgresql":
        urls = [request.getfixturevalue(name) for name in ("postgres_url", "notify_postgres_url")]
    with ExitStack() as made:
        storage, notify = (database.create(url) for url in urls)
        for engine, migrations in ((storage, OF_STORAGE), (notify, OF_NOTIFY)):
            made.callback(engine.dispose)
            migrate(engine, migrations)
        yield storage, notify


@pytest.fixture
def both(engines: tuple[Engine, Engine]) -> BothServices:
    return BothServices(*engines)


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize("together", [True, False])
def test_one_row_good_wins_delivered_once(both: BothServices, verdict: str, together: bool) -> None:
    for order in permutations([verdict, None, verdict]):
        both.event = replace(both.event, id=uuid4())
        both.for_storage, both.for_notify = [], []
        both.sent.clear()
        for spam in order:
            both.accepted(spam)
        for batch in [both.for_storage] if together else [[one] for one in both.for_storage]:
            both.storage_takes(batch)
        both.settle()
        assert (both.row().spam, both.sent) == (None, ONCE), order


def test_the_row_says_why_and_its_version_grows(both: BothServices) -> None:
    low = replace(both.event, verdict=Verdict(12, "2-abcdef01", ("-word:invoice",)))
    both.storage_takes([replace(both.event, spam="score", verdict=Verdict(97, "1-0123abcd", ("links:3:2",)))])
    assert (both.row().spam, both.row().version) == ("score", 1)
    both.storage_takes([low])
    assert (both.row().spam, both.row().version) == (None, 2)
    assert (both.row().score, both.row().score_model, both.row().score_reasons) == (12, "2-abcdef01", ["-word:invoice"])
    [step] = both.work.trail(both.event.id)
    assert step == Step(step.at, BY, {"spam": ["score", None]}, 2)
    assert verdicts(both.storage) == [SubmissionReleased(2, low, by_hand=False)]
    both.storage_takes([both.event, replace(both.event, spam="score")])
    assert both.row().version == 2


def test_in_one_batch_nothing_is_to_be_taken_back(both: BothServices) -> None:
    both.storage_takes([replace(both.event, spam="score"), both.event])
    assert (both.row().spam, both.row().version, verdicts(both.storage)) == (None, 1, [])


def test_other_fields_under_its_id_say_nothing_of_it(both: BothServices) -> None:
    other = {"email": "grace@example.org"}
    both.storage_takes([replace(both.event, spam="score")])
    both.storage_takes([replace(both.event, fields=other, fingerprint=fingerprint(other))])
    assert both.row().spam == "score"
    with both.storage.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(conflicts)) == 1


@pytest.mark.parametrize("spam", ["honeypot", "owner", "imported"])
def test_what_a_trap_a_person_or_another_service_said_stays(both: BothServices, spam: str) -> None:
    both.storage_takes([replace(both.event, spam=spam)])
    both.storage_takes([both.event])
    assert (both.row().spam, both.row().version) == (spam, 1)


def test_a_person_outranks_both(both: BothServices) -> None:
    both.accepted("score")
    both.storage_takes(both.for_storage)
    both.marked(is_spam=True)
    assert both.row().spam == "owner"
    assert verdicts(both.storage) == [SubmissionWithheld(both.event.id, 2)], "else a good retry would be delivered"
    both.accepted(None)
    both.settle()
    assert (both.row().spam, both.sent) == ("owner", {})
    both.marked(is_spam=False)
    both.settle()
    assert (both.row().spam, both.sent) == (None, ONCE)


def test_a_verdict_that_comes_back_by_an_undo_is_one_that_good_wins_over(both: BothServices) -> None:
    both.accepted("score")
    both.storage_takes(both.for_storage)
    with both.storage.begin() as connection:
        done = both.work.change_many(connection, [both.event.id], Change(spam=True), ADA)
        assert [one.back for one in done] == [Change(spam=True, spam_because="score")]
        both.work.take_back(connection, done, ADA)
    assert both.row().spam == "score"
    both.settle()
    both.accepted(None)
    both.settle()
    assert (both.row().spam, both.sent) == (None, ONCE)


def test_a_release_by_a_person_is_told_and_one_by_a_retry_is_not(both: BothServices) -> None:
    both.accepted(None)
    both.settle()
    both.storage_takes([replace(both.event, spam="score")])
    both.marked(is_spam=True)
    both.settle()
    both.marked(is_spam=False)
    both.settle()
    assert both.sent == ONCE | {"webhook:released": 1}


def test_what_is_held_is_released_as_a_whole_and_nothing_of_it_is_sent_by_request(both: BothServices) -> None:
    resending = Resending(both.storage, "ada")
    for verdict in VERDICTS:
        both.event = replace(both.event, id=uuid4())
        both.storage_takes([replace(both.event, spam=verdict)])
        assert resending.withheld([both.event.id]) == [both.event.id]
        with pytest.raises(Withheld):
            resending.request_channel(both.event.id, "confirmation")
        with pytest.raises(Withheld):
            both.work.resend(both.event.id, "confirmation", ADA)
        assert list(resending.request(Selection())) == []
        both.marked(is_spam=False)
        assert resending.request_channel(both.event.id, "confirmation")


def test_what_was_imported_sends_nothing(both: BothServices) -> None:
    with SubmissionRepository(both.storage).transaction() as rows:
        rows.insert_imported([replace(both.event, spam="score")], at=both.event.accepted_at)
    both.storage_takes([both.event])
    assert (both.row().spam, verdicts(both.storage)) == (None, [])


def test_what_is_erased_stays_erased_and_under_its_id_good_wins_among_later_ones(both: BothServices) -> None:
    both.storage_takes([replace(both.event, spam="score")])
    Erasing(both.storage, clock=lambda: both.event.accepted_at).erase([both.event.id], ERASER)
    both.storage_takes([both.event])
    with both.storage.connect() as connection:
        assert SubmissionReleased.TYPE not in connection.scalars(select(OUTBOX.c.type)).all()
    later = replace(both.event, accepted_at=both.event.accepted_at + 2 * ERASED_GRACE)
    both.storage_takes([replace(later, spam="score"), later])
    assert both.row().spam is None


def until_taken(work: Callable[[], object]) -> None:
    """Do it again where the file was locked for too long, as a consumer and a person do."""

    def is_taken() -> bool:
        try:
            work()
        except DependencyUnavailable:
            return False
        return True

    eventually(is_taken, 60, "the database takes it")


def test_two_replicas_and_a_person_at_the_same_moment_agree(engines: tuple[Engine, Engine]) -> None:
    for _ in range(10):
        both, ready = BothServices(*engines), threading.Barrier(3)
        both.event = replace(both.event, id=uuid4())
        both.accepted("score")
        both.accepted(None)
        both.storage_takes(both.for_storage[:1])

        def takes(number: int, both: BothServices = both, ready: threading.Barrier = ready) -> None:
            ready.wait(10)
            until_taken(lambda: both.storage_takes([both.for_storage[number]]))

        def marks(both: BothServices = both, ready: threading.Barrier = ready) -> None:
            ready.wait(10)
            until_taken(lambda: both.marked(is_spam=True))

        with ThreadPoolExecutor(3) as threads:
            for ended in [threads.submit(takes, 0), threads.submit(takes, 1), threads.submit(marks)]:
                ended.result()
        assert both.row().spam == "owner", "before or after: a person's word stands"
        versions = [step.version for step in both.work.trail(both.event.id)]
        assert versions == list(range(2, both.row().version + 1))


class Machine(RuleBasedStateMachine):
    """One submission, its retries at two gateways with their verdicts, and a person; all in any order, also twice."""

    storage: Engine
    notify: Engine

    @initialize()
    def _begin(self) -> None:
        self.both = BothServices(self.storage, self.notify)
        self.stored: list[str | None] = []
        self.said: bool | None = None
        self.was_released = False

    @rule(spam=st.sampled_from([*VERDICTS, None]))
    def a_gateway_accepts(self, spam: str | None) -> None:
        self.both.accepted(spam)

    @precondition(lambda self: self.both.for_storage)
    @rule(data=st.data())
    def storage_takes_some(self, data: st.DataObject) -> None:
        batch = data.draw(st.lists(st.sampled_from(self.both.for_storage), min_size=1, max_size=3), label="batch")
        self.both.storage_takes(batch)
        self.stored += [one.spam for one in batch]

    @precondition(lambda self: self.both.for_notify)
    @rule(data=st.data())
    def notify_takes_one(self, data: st.DataObject) -> None:
        self.both.notify_takes(data.draw(st.sampled_from(self.both.for_notify), label="message"))

    @precondition(lambda self: self.stored)
    @rule(is_spam=st.booleans())
    def a_person_marks_it(self, is_spam: bool) -> None:
        was_spam = self.both.row().spam is not None
        self.both.marked(is_spam=is_spam)
        self.said = is_spam
        self.was_released |= was_spam and not is_spam
        assert self.both.row().spam == ("owner" if is_spam else None)

    @rule()
    def storage_publishes(self) -> None:
        self.both.outbox()

    @rule()
    def workers_send(self) -> None:
        self.both.send()

    def teardown(self) -> None:
        if not self.both.for_storage:
            return
        self.both.settle()
        spam, all_of_it = self.both.row().spam, [*self.stored, *(one.spam for one in self.both.for_storage)]
        released = self.both.sent.pop("webhook:released", 0)
        assert released <= self.was_released, "nobody released it"
        if self.said is True:
            assert (spam, set(self.both.sent.values()) <= {1}) == ("owner", True)
        elif self.said is False or None in all_of_it:
            assert (spam, self.both.sent) == (None, ONCE)
        else:
            assert is_verdict(spam)
            assert self.both.sent == {}


def test_whatever_the_order(engines: tuple[Engine, Engine]) -> None:
    storage, notify = engines
    machine = type("OnThese", (Machine,), {"storage": storage, "notify": notify})
    few = 100 if storage.dialect.name == "sqlite" else 30
    most = settings(max_examples=min(few, settings().max_examples), stateful_step_count=25, deadline=None)
    run_state_machine_as_test(machine, settings=most)
