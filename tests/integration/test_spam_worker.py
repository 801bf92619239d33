"""What a console does about spam behind its requests, on both databases: it trains when due, and tells gateways."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from shared.contracts import SpamModelMade
from shared.database import Lease
from shared.messaging.failures import DependencyUnavailable
from storage_service.accounts.asker import Asker
from storage_service.spam import trainings
from storage_service.spam.authors import Authors
from storage_service.spam.models import Models
from storage_service.spam.outcome import KINDS, MADE_NONE, Kind, Outcome
from storage_service.spam.sending import ModelQueries
from storage_service.spam.standing import standing
from storage_service.spam.trainings import Ended
from storage_service.spam.worker import BY, SpamWork
from storage_service.sweeping.behind import Behind
from storage_service.tables import LEASES
from support.spam_learned import MADE_AT, labelled, made
from support.submission_databases import migrated
from support.working import an_asker

SPAM_TEXTS = [f"spam number {number} of very many" for number in range(100)]
GOOD_TEXTS = [f"a good one, number {number} of many" for number in range(100)]


class StandIn:
    """Stands in for what trains: it notes who began, and says what it is told to say."""

    def __init__(self) -> None:
        self.begun: list[Asker] = []
        self.outcome: Outcome | None = None

    is_training = False

    def begin(self, by: Asker) -> bool:
        self.begun.append(by)
        return True

    def ended(self) -> Outcome | None:
        outcome, self.outcome = self.outcome, None
        return outcome


class World:
    """A worker, with its clock."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.now = engine, MADE_AT + timedelta(hours=2)
        self.trainer, self.told, self.outcomes = StandIn(), list[SpamModelMade](), list[Outcome]()
        self.models = Models(engine, clock=self.clock)
        self.work = self.restarted()

    def clock(self) -> datetime:
        return self.now

    def restarted(self) -> SpamWork:
        trainer = self.trainer
        return SpamWork(self.engine, trainer, self.told.append, told=self.outcomes.append, clock=self.clock)  # type: ignore[arg-type]

    def turns(self, minutes: float = 0.0) -> int:
        """Let time pass, take a turn, and return how often training began by now."""
        self.now += timedelta(minutes=minutes)
        assert self.work.turn() <= 5
        return len(self.trainer.begun)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


def test_it_does_not_train_before_there_are_enough_and_then_at_once(world: World, engine: Engine) -> None:
    labelled(engine, SPAM_TEXTS, is_spam=True)
    labelled(engine, GOOD_TEXTS[:99], is_spam=False)
    assert world.turns() == 0
    labelled(engine, GOOD_TEXTS[99:], is_spam=False)
    assert world.turns(0.2) == 0, "it looks every half minute"
    assert world.turns(1) == 1
    assert world.trainer.begun == [BY]


def test_it_trains_again_after_fifty_new_ones_and_at_most_hourly(world: World, engine: Engine) -> None:
    labelled(engine, SPAM_TEXTS, is_spam=True)
    labelled(engine, GOOD_TEXTS, is_spam=False)
    world.models.keep(made(made_at=world.now, labelled_to=MADE_AT), BY)
    later = MADE_AT + timedelta(minutes=1)
    labelled(engine, [f"{one} again" for one in GOOD_TEXTS[:49]], is_spam=False, at=later)
    assert world.turns(59) == 0
    assert world.turns(2) == 0, "49 are none"
    labelled(engine, ["a good one more than those"], is_spam=False, at=later)
    assert world.turns(1) == 1
    assert world.turns(59) == 1
    world.trainer.outcome = Outcome("failed", "killed")
    assert world.turns(2) == 2, "an hour later it is tried again"
    assert world.outcomes == [Outcome("failed", "killed")]
    world.work = world.restarted()
    assert world.turns(1) == 3, "of one that began again nobody knows that it was tried"


def test_a_console_without_the_lease_says_what_came_of_its_own_training(world: World) -> None:
    world.trainer.outcome = Outcome("failed", "killed")
    behind = Behind(world.engine, "spam", world.work.turn, aside=world.work.aside)
    with world.engine.begin() as connection:
        assert Lease(LEASES, "spam").is_taken(connection, datetime.now(UTC))
    behind.turn()
    assert world.outcomes == [Outcome("failed", "killed")]
    assert standing(world.engine).in_vain is not None
    assert not world.trainer.begun


def test_what_came_of_a_training_is_kept_once_the_database_is_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.trainer.outcome = Outcome("failed", "the database was away")

    def away(*_: object) -> None:
        raise DependencyUnavailable("away")

    with monkeypatch.context() as patched:
        patched.setattr(trainings, "keep", away)
        with pytest.raises(DependencyUnavailable):
            world.turns(1)
    ended_at = world.now
    world.turns(1)
    assert standing(world.engine).in_vain == Ended(Outcome("failed", "the database was away"), ended_at)
    assert len(world.outcomes) == 1


@pytest.mark.parametrize("kind", sorted(MADE_NONE))
def test_what_came_of_a_training_that_made_no_model_is_said_until_there_is_one(
    world: World, engine: Engine, kind: Kind
) -> None:
    assert standing(engine).in_vain is None
    for words in ("before", "too few"):
        world.trainer.outcome = Outcome(kind, words)
        world.turns(1)
    assert standing(engine).in_vain == Ended(Outcome(kind, "too few"), world.now)
    world.now += timedelta(minutes=1)
    world.models.keep(made(made_at=world.now), BY)
    assert standing(engine).in_vain is None


@pytest.mark.parametrize("kind", sorted(set(KINDS) - MADE_NONE))
def test_what_made_a_model_is_said_by_that(world: World, engine: Engine, kind: Kind) -> None:
    world.trainer.outcome = Outcome("failed", "killed")
    world.turns(1)
    world.trainer.outcome = Outcome(kind, "1-00000000")
    world.turns(1)
    assert standing(engine).in_vain is None


def test_who_is_left_out_makes_no_model(world: World, engine: Engine) -> None:
    labelled(engine, SPAM_TEXTS, is_spam=True, author="eve@example.org")
    labelled(engine, GOOD_TEXTS, is_spam=False)
    authors = Authors(engine)
    assert authors.leave_out("eve@example.org", an_asker())
    assert not authors.leave_out("eve@example.org", an_asker())
    assert world.turns(1) == 0
    now = standing(engine)
    assert (now.good, now.spam, now.left_out) == (100, 0, ("eve@example.org",))
    assert [(one.author, one.spam, one.counts) for one in now.authors] == [
        ("ada@example.org", 0, True),
        ("eve@example.org", 100, False),
    ]
    assert authors.take_in("eve@example.org", an_asker())
    assert not authors.take_in("eve@example.org", an_asker())
    assert world.turns(1) == 1


def test_gateways_are_told_of_what_is_new_whoever_made_it(world: World) -> None:
    world.turns(1)
    assert not world.told
    first, second = made(1), made(2)
    world.models.keep(first, BY)
    world.turns(0.1)
    world.turns(0.1)
    world.models.keep(second, BY)
    world.turns(0.1)
    world.models.make_current(first.stored.version, an_asker())
    world.turns(0.1)
    assert [one.version for one in world.told] == [made.stored.version for made in (first, second, first)]
    assert world.told[-1].hash == ModelQueries(world.engine).model({})["hash"]


def test_what_came_lately_is_put_in_every_few_minutes(world: World, engine: Engine) -> None:
    world.models.keep(made(), BY)
    world.turns(4)
    assert len(world.told) == 1
    labelled(engine, SPAM_TEXTS[:1], is_spam=True, ip="203.0.113.7", at=world.now)
    world.turns(1)
    assert len(world.told) == 1
    world.turns(3)
    assert [one.version for one in world.told] == [made().stored.version] * 2
    assert standing(engine).refreshed_at == world.now


def test_the_standing_says_what_is_missing(engine: Engine) -> None:
    now = standing(engine)
    assert (now.current, now.newest, now.new_labels) == (None, None, 0)
    assert now.missing_to_train is not None
    assert now.missing_to_hold is not None
    labelled(engine, SPAM_TEXTS, is_spam=True)
    labelled(engine, GOOD_TEXTS, is_spam=False)
    assert standing(engine).missing_to_train is None
    assert standing(engine).new_labels == 200
    Models(engine).keep(made(labelled_to=MADE_AT), BY)
    now = standing(engine)
    assert (now.missing_to_hold, now.new_labels) == (None, 0)
    assert now.current == now.newest is not None
