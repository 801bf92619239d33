"""Training from labels in a database, on both: what comes of it, what is refused, and what a kill leaves."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from shared.spam import Model, text_of, unpacked
from storage_service.accounts.asker import Asker
from storage_service.spam.authors import Authors
from storage_service.spam.models import Models
from storage_service.spam.outcome import Outcome
from storage_service.spam.sending import ModelQueries
from storage_service.spam.standing import standing
from storage_service.spam.trainer import Trainer
from storage_service.spam.training import Training
from support.polling import eventually
from support.spam_learned import MADE_AT, labelled
from support.submission_databases import migrated
from support.working import an_asker

ADA, RULE = an_asker(), Asker("rule: spam", frozenset())
SPAM_WORDS, GOOD_WORDS = ("casino", "winner", "prize", "bitcoin"), ("opening", "invoice", "booking", "meeting")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


def texts(words: tuple[str, ...], count: int, start: int = 0) -> list[str]:
    numbers = range(start, start + count)
    return [f"About {number}: {words[number % 4]} and {words[number // 4 % 4]} for you" for number in numbers]


def taught(engine: Engine, count: int = 100) -> None:
    labelled(engine, texts(SPAM_WORDS, count), is_spam=True)
    labelled(engine, texts(GOOD_WORDS, count), is_spam=False)


def in_use(engine: Engine) -> Model:
    return unpacked(base64.b64decode(ModelQueries(engine).model({})["data"]))


def test_what_people_said_becomes_what_gateways_fetch(engine: Engine) -> None:
    assert Training(engine).run(ADA).kind == "missing"
    assert Models(engine).newest() is None
    taught(engine)
    outcome = Training(engine, clock=lambda: MADE_AT).run(ADA)
    current = Models(engine).current()
    assert current is not None
    assert outcome == Outcome("trained", current.version)
    assert current.good + current.spam < 200, "one in five is held back"
    assert (current.made_by, current.labelled_to, current.without_authors) == (ADA.name, MADE_AT, ())
    model = in_use(engine)
    spam, good = (text_of({"message": text}, form="signup") for text in ("a casino prize", "an invoice for a meeting"))
    assert model.score(spam).score > model.score(good).score
    assert not model.may_hold, "so few good ones prove nothing"
    assert standing(engine).missing_to_hold is not None


def test_many_copies_prove_nothing(engine: Engine) -> None:
    """Whoever closes a thousand copies of one text has not shown that a model loses none of a thousand people."""
    taught(engine)
    labelled(engine, ["the very same good words that somebody sent a thousand times"] * 600, is_spam=False)
    Training(engine).run(ADA)
    current = Models(engine).current()
    assert current is not None
    assert current.good < 150
    assert not current.may_hold


def test_one_that_got_worse_is_refused_and_who_made_it_so_can_be_left_out(engine: Engine) -> None:
    taught(engine, 200)
    first = Training(engine, clock=lambda: MADE_AT).run(RULE)
    assert first.kind == "trained"
    later = MADE_AT + timedelta(hours=1)
    labelled(engine, texts(GOOD_WORDS, 800, 200), is_spam=True, author="eve", at=later)
    labelled(engine, texts(SPAM_WORDS, 800, 200), is_spam=False, author="eve", at=later)
    poisoned = Training(engine).run(RULE)
    assert poisoned.kind == "refused"
    current, newest = Models(engine).current(), Models(engine).newest()
    assert current is not None
    assert newest is not None
    assert (current.version, newest.state) == (first.words, "refused")
    assert in_use(engine).version == 1
    Authors(engine).leave_out("eve", ADA)
    assert Training(engine).run(ADA).kind == "trained"
    current = Models(engine).current()
    assert current is not None
    assert (current.number, current.without_authors) == (3, ("eve",))


def test_of_two_that_train_at_once_one_model_comes(engine: Engine) -> None:
    taught(engine)
    outcomes, both = list[Outcome](), threading.Barrier(2)

    def reach(name: str) -> None:
        if name == "spam-before-keeping":
            both.wait(60)

    def train() -> None:
        outcomes.append(Training(engine, reach=reach).run(RULE))

    threads = [threading.Thread(target=train) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(120)
    assert sorted(one.kind for one in outcomes) == ["met", "trained"]
    assert len(Models(engine).all()) == 1


def test_who_is_left_out_meanwhile_teaches_nothing(engine: Engine) -> None:
    taught(engine)
    labelled(engine, texts(GOOD_WORDS, 20, 400), is_spam=False, author="eve")
    left = list[bool]()

    def reach(name: str) -> None:
        if name == "spam-before-keeping" and not left:
            left.append(Authors(engine).leave_out("eve", ADA))

    assert Training(engine, reach=reach).run(RULE).kind == "trained"
    assert [(one.number, one.without_authors) for one in Models(engine).all()] == [(1, ("eve",))]


def test_who_is_left_out_while_another_process_keeps_the_same_number_teaches_nothing(engine: Engine) -> None:
    taught(engine)
    labelled(engine, texts(GOOD_WORDS, 20, 400), is_spam=False, author="eve")
    others = list[Outcome]()

    def reach(name: str) -> None:
        if name == "spam-before-keeping" and not others:
            Authors(engine).take_in("eve", ADA)
            others.append(Training(engine).run(RULE))
            Authors(engine).leave_out("eve", ADA)

    Authors(engine).leave_out("eve", ADA)
    assert Training(engine, reach=reach).run(ADA).kind == "trained"
    assert [one.kind for one in others] == ["trained"]
    assert [(one.number, one.without_authors) for one in Models(engine).all()] == [(2, ("eve",)), (1, ())]
    current = Models(engine).current()
    assert current is not None
    assert current.number == 2


def test_a_process_trains_and_one_at_a_time(engine: Engine) -> None:
    taught(engine)
    trainer = Trainer(engine)
    assert trainer.ended() is None
    assert trainer.begin(ADA)
    assert not trainer.begin(ADA), "one is going on"
    outcome = eventually(trainer.ended, 120, "it has ended")
    current = Models(engine).current()
    assert current is not None
    assert outcome == Outcome("trained", current.version)
    assert trainer.ended() is None


def test_what_came_of_each_is_told_however_late_somebody_asks(engine: Engine) -> None:
    trainer = Trainer(engine)
    for _ in range(2):
        assert trainer.begin(ADA)
        eventually(lambda: not trainer.is_training, 60, "it has ended")
    told = [trainer.ended() for _ in range(3)]
    assert [one and one.kind for one in told] == ["missing", "missing", None]


def test_one_that_is_killed_leaves_nothing_and_the_next_one_trains(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    taught(engine)
    trainer = Trainer(engine)
    monkeypatch.setenv("COUNTERFOIL_FAILPOINT", "spam-before-keeping")
    assert trainer.begin(ADA)
    killed = eventually(trainer.ended, 120, "it has ended")
    assert killed is not None
    assert killed.kind == "failed"
    assert Models(engine).newest() is None
    monkeypatch.delenv("COUNTERFOIL_FAILPOINT")
    assert trainer.begin(ADA)
    outcome = eventually(trainer.ended, 120, "it has ended")
    assert outcome is not None
    assert outcome.kind == "trained"


def test_it_ends_with_whoever_began_it(engine: Engine) -> None:
    taught(engine)
    trainer = Trainer(engine)
    assert trainer.begin(ADA)
    assert trainer._process is not None
    assert trainer._process.stdin is not None
    trainer._process.stdin.close()  # as the kernel does where the other process was killed
    eventually(lambda: not trainer.is_training, 60, "it has ended")
    trainer._process.stdout.close()  # type: ignore[union-attr]
