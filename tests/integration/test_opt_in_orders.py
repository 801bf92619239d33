"""In whatever order it is accepted, confirmed, judged and erased: nothing is told before the button, and each once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from dev.postgres import Postgres
from shared.contracts import SubmissionAccepted, SubmissionErased, SubmissionReleased, SubmissionWithheld
from shared.contracts.spam import is_verdict
from shared.database import iso
from shared.messaging.failures import Delivery, RetryLater
from storage_service.erasing import Erasing
from storage_service.store.handler import StoreSubmissions
from storage_service.store.repository import SubmissionRepository
from storage_service.tables import submissions
from storage_service.work import NotFound, Work
from support.erasures import ERASER
from support.opt_ins import PRESSED_AT, Presses, a_press, in_outbox, waiting
from support.submission_databases import migrated
from support.working import WORKED_AT, an_asker

ADA = an_asker()
STEPS = ("good", "held", "press", "press later", "spam", "no spam", "erase")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('orders') / 'test.db'}"
    else:
        postgres: Postgres = request.getfixturevalue("postgres")
        url = postgres.create_database("test_opt_in_orders")
    with migrated(url) as made:
        yield made


@dataclass
class World:
    """One submission, and what a reader of the promise expects of it."""

    engine: Engine
    event: SubmissionAccepted = field(default_factory=lambda: waiting(id=uuid4()))
    is_there: bool = False
    is_erased: bool = False
    spam: str | None = None
    pressed_at: datetime | None = None
    told: dict[int, SubmissionReleased | SubmissionWithheld] = field(default_factory=dict)

    def do(self, step: str) -> None:
        match step:
            case "good" | "held":
                self.accept("score" if step == "held" else None)
            case "press" | "press later":
                self.press(PRESSED_AT + timedelta(hours=step == "press later"))
            case "spam" | "no spam":
                self.judge(is_spam=step == "spam")
            case _:
                Erasing(self.engine, clock=lambda: WORKED_AT).erase([self.event.id], ERASER)
                self.is_erased = self.is_there
        self.look(step)

    def accept(self, spam: str | None) -> None:
        store = StoreSubmissions(
            SubmissionRepository(self.engine), announce=lambda _: None, clock=lambda: WORKED_AT, reach=lambda _: None
        )
        store([Delivery(replace(self.event, spam=spam))])
        if not self.is_there:
            self.is_there, self.spam = True, spam
        elif spam is None and is_verdict(self.spam):
            self.spam = None

    def press(self, at: datetime) -> None:
        [result] = Presses(self.engine).take(a_press(self.event, at=at))
        assert isinstance(result, RetryLater) == (not self.is_there), result
        if self.is_there and not self.is_erased and self.pressed_at is None:
            self.pressed_at = at

    def judge(self, *, is_spam: bool) -> None:
        work = Work(self.engine)
        try:
            (work.spam if is_spam else work.not_spam)(self.event.id, ADA)
        except NotFound:
            assert self.is_erased or not self.is_there
            return
        self.spam = "owner" if is_spam else None

    def look(self, step: str) -> None:
        """Assert what holds after each step."""
        with self.engine.connect() as connection:
            row = connection.execute(select(submissions).where(submissions.c.id == self.event.id)).one_or_none()
        assert (row is not None) == self.is_there
        if row is None:
            return
        is_proven = self.pressed_at is not None and not self.is_erased
        proof = row.opt_in_proof
        assert (proof and proof["at"]) == (iso(self.pressed_at) if is_proven and self.pressed_at else None), step
        assert row.opted_in_at == (self.pressed_at if is_proven else None)
        for one in self.waiting_to_be_told():
            version = one.version
            assert self.told.setdefault(version, one) == one, "told of a version twice, and differently"
        for one in self.told.values():
            if isinstance(one, SubmissionReleased):
                assert one.submission.opt_in or self.pressed_at is not None, "told before the button"
        if not self.is_erased and self.told and row.spam is None and self.pressed_at:
            last = self.told[max(self.told)]
            assert isinstance(last, SubmissionReleased)
            assert not last.submission.opt_in, "what is good and confirmed has been told in the end"

    def waiting_to_be_told(self) -> Sequence[SubmissionReleased | SubmissionWithheld]:
        found = [
            one
            for one in in_outbox(self.engine, SubmissionReleased, SubmissionWithheld)
            if isinstance(one, SubmissionReleased | SubmissionWithheld) and one.id == self.event.id
        ]
        assert len({one.version for one in found}) == len(found), "told of a version twice"
        return found


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from(STEPS), min_size=2, max_size=9))
def test_the_first_press_counts_and_nothing_is_told_before(engine: Engine, steps: Sequence[str]) -> None:
    world = World(engine)
    for step in steps:
        world.do(step)
    # what waited comes again, as its queue would bring it
    world.do("good")
    world.do("press")
    if not world.is_erased:
        assert world.pressed_at is not None
        released = [one for one in world.told.values() if isinstance(one, SubmissionReleased)]
        assert world.spam is not None or any(not one.submission.opt_in for one in released), "it is told in the end"
    else:
        assert any(isinstance(one, SubmissionErased) for one in in_outbox(engine, SubmissionErased))
