"""What decides on a model, by figures alone: it cannot be talked into holding by few or one-sided labels."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from shared.spam import Scored, SpamText, text_of
from storage_service.spam import gate


@pytest.mark.parametrize(
    ("good", "spam", "words"),
    [
        (0, 0, "missing for a model: 50 of spam and 50 of good ones and 100 more of either kind"),
        (1000, 0, "missing for a model: 50 of spam"),
        (49, 1000, "missing for a model: 1 of good ones"),
        (100, 60, "missing for a model: 40 of either kind"),
        (100, 99, "missing for a model: 1 of either kind"),
    ],
)
def test_there_is_no_model_before_there_are_labels_of_each_kind(good: int, spam: int, words: str) -> None:
    missing = gate.may_train(good, spam)
    assert missing is not None
    assert missing.words == words


def test_there_is_one_from_two_hundred_on() -> None:
    assert gate.may_train(150, 50) is None
    assert gate.may_train(50, 150) is None


@pytest.mark.parametrize(("lost", "needed"), [(0, 299), (1, 473), (2, 628), (5, 1049)])
def test_so_many_good_ones_bound_the_loss_at_one_percent(lost: int, needed: int) -> None:
    """By Clopper and Pearson, one-sided, 95 %: the figures of any table of sample sizes."""
    assert gate.good_needed(lost) == needed


@pytest.mark.parametrize(
    ("good", "spam", "lost", "missing"),
    [
        (299, 50, 0, None),
        (298, 50, 0, (2, 0)),
        (299, 50, 1, (272, 0)),
        (299, 49, 0, (0, 2)),
        (0, 0, 0, (468, 79)),
        (0, 10_000, 0, (468, 0)),
        (10_000, 0, 0, (0, 79)),
        (10_000, 5_000, 100, (0, 0)),
        (20, 500, 3, (0, 0)),
    ],
)
def test_nothing_is_held_by_few_labels_or_by_those_of_one_kind(
    good: int, spam: int, lost: int, missing: tuple[int, int] | None
) -> None:
    found = gate.may_hold({"good": good, "spam": spam, "lost": lost})
    assert (found and (found.good, found.spam)) == missing
    assert found is None or found.words


@dataclass(frozen=True, slots=True)
class Fake:
    """Takes for spam what has one of these words."""

    words: frozenset[str]
    threshold: int = 80

    def score(self, text: SpamText) -> Scored:
        return Scored(99 if self.words & set(text.fields["a"].split()) else 1)


def fake(*words: str) -> Fake:
    return Fake(frozenset(words))


def texts(*kinds: tuple[str, bool, int]) -> list[tuple[SpamText, bool]]:
    return [(text_of({"a": text}, form="f"), is_spam) for text, is_spam, count in kinds for _ in range(count)]


HELD_BACK = texts(("casino win", True, 20), ("hello ada", False, 20), ("win a prize", True, 5), ("we win", False, 4))


def test_a_model_that_errs_no_more_than_the_one_before_is_not_worse() -> None:
    assert gate.worse(fake("casino"), fake("casino"), HELD_BACK) is None
    assert gate.worse(fake("casino"), fake("casino", "prize"), HELD_BACK) is None
    assert gate.worse(fake(), fake("casino"), []) is None


def test_one_that_loses_good_ones_or_spam_is_worse() -> None:
    assert gate.worse(fake("casino"), fake("casino", "hello"), HELD_BACK) == (
        "of 24 good ones that neither was made of it would have held 20 that the model before had right, "
        "and 0 the other way round"
    )
    assert gate.worse(fake("casino"), fake(), HELD_BACK) == (
        "of 25 spam that neither was made of it would have let through 20 that the model before had right, "
        "and 0 the other way round"
    )


def test_what_chance_explains_does_not_count() -> None:
    assert gate.worse(fake("casino"), fake("casino", "we"), HELD_BACK) is None, "four of four: one in sixteen"
    more = HELD_BACK + texts(("we win", False, 1))
    assert gate.worse(fake("casino"), fake("casino", "we"), more) is not None, "five of five: one in 32"
