"""A model that is learned: it tells spam apart, says how good it is, and is not fooled cheaply."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

import pytest

from shared.spam import Model, SpamText, packed, text_of
from shared.spam.signals import code_of
from storage_service.spam.learning import Example, Table, TooFewLabels, evaluate, gathered, recent_of, train
from storage_service.spam.learning.blending import blended
from storage_service.spam.learning.bounds import lower_bound, upper_bound
from storage_service.spam.learning.evaluation import Evaluation, evaluation_of
from support.junk import by_a_person, by_a_robot

GOOD = [
    "order",
    "invoice",
    "delivery",
    "question",
    "meeting",
    "thanks",
    "please",
    "tomorrow",
    "address",
    "phone",
    "colleague",
    "report",
    "website",
    "broken",
]
BAD = [
    "casino",
    "viagra",
    "winner",
    "bonus",
    "cheap",
    "loans",
    "seo",
    "ranking",
    "crypto",
    "profit",
    "clicks",
    "unlimited",
    "refund",
    "guaranteed",
]
PLAIN = [
    "the",
    "a",
    "of",
    "and",
    "to",
    "in",
    "is",
    "that",
    "for",
    "with",
    "on",
    "as",
    "are",
    "this",
    "be",
    "from",
    "your",
    "have",
    "or",
    "by",
    "we",
    "you",
    "not",
    "was",
    "but",
]


def examples(count: int, seed: int = 1, author: str = "ada") -> Iterator[Example]:
    """Yield submissions, one of three spam, with words of their own kind among plain ones."""
    chance = random.Random(seed)  # noqa: S311 - noise that each run has alike
    for number in range(count):
        is_spam = number % 3 == 0
        own = chance.choices(BAD if is_spam else GOOD, k=4)
        words = [*own, *chance.choices(PLAIN, k=12)]
        chance.shuffle(words)
        message = " ".join(words) + (f" http://shop{number % 5}.example/" if is_spam and number % 2 else "")
        fields = {"name": f"Name{number}", "email": f"n{number}@example.org", "message": message}
        yield Example(text_of(fields, form="contact", address=fields["email"]), is_spam, number * 60.0, author)


@lru_cache(1)
def a_table() -> Table:
    return gathered(examples(300))


@lru_cache(1)
def a_trained() -> Model:
    return train(a_table(), version=3)


def score(message: str, **members: object) -> int:
    return a_trained().score(SpamText({"message": message}, "contact", **members)).score  # type: ignore[arg-type]


SPAM = "casino bonus winner unlimited profit for you and your friends http://shop1.example/"
HAM = "question about the invoice of our meeting tomorrow please phone my colleague"


def test_a_model_tells_spam_from_people() -> None:
    assert score(SPAM) >= 80 > 50 > score(HAM)
    assert not a_trained().may_hold
    assert a_trained().version == 3


def test_the_same_labels_make_the_same_model_whatever_their_order() -> None:
    other = gathered(reversed(list(examples(300))))
    assert packed(train(other, version=3)) == packed(a_trained())


def test_a_gateway_adds_up_what_training_did() -> None:
    trained = blended(a_table()).of(a_table())
    for example, logit in zip(examples(60), trained.tolist(), strict=False):
        assert a_trained().weigh(example.text)[0] == pytest.approx(logit, abs=0.3)


def test_letters_that_nobody_uses_on_a_form_speak_for_spam() -> None:
    assert a_trained().scripts == {"contact": {"latin"}}
    text = SpamText({"message": "Вопрос про счёт"}, "contact")
    logit, weights = a_trained().weigh(text)
    assert {code_of(one): weight for weight, one in weights}["unusual-script:cyrillic"] == pytest.approx(1.0, abs=0.1)
    usual = replace(a_trained(), scripts={"contact": frozenset({"latin", "cyrillic"})})
    assert logit == pytest.approx(usual.weigh(text)[0] + 1.0, abs=0.1)


@pytest.mark.parametrize("count", [0, 5, 20])
def test_too_few_labels_teach_nothing(count: int) -> None:
    with pytest.raises(TooFewLabels):
        train(gathered(examples(count)), version=1)
    with pytest.raises(TooFewLabels):
        evaluate(gathered(examples(count)))


def test_an_evaluation_asks_about_labels_that_its_models_have_not_seen() -> None:
    found = evaluate(a_table())
    assert (found.good, found.spam) == (160, 80)
    assert found.catch > 0.9
    assert found.loss <= found.loss_bound
    assert Evaluation.from_json(found.to_json()) == found


def test_spam_that_is_far_from_good_ones_is_caught_and_no_good_one_held() -> None:
    """The threshold is well above good ones, and where a model of all labels has it, not one of fewer."""
    written = [(by_a_robot(number), True) for number in range(136)] + [
        (by_a_person(number), False) for number in range(640)
    ]
    found = evaluate(
        gathered(
            Example(text_of({"message": text}, form="contact"), is_spam, float(number % 136))
            for number, (text, is_spam) in enumerate(written)
        )
    )
    assert (found.lost, found.caught) == (0, found.spam)
    assert found.loss_bound < 0.01


def test_labels_without_meaning_bound_no_loss_and_catch_nothing_much() -> None:
    chance = random.Random(4)  # noqa: S311 - noise that each run has alike
    mixed = [Example(one.text, chance.random() < 0.4, one.at) for one in examples(200)]
    assert evaluate(gathered(mixed)).catch < 0.5


def test_one_accounts_labels_are_taken_out() -> None:
    wrong = [Example(one.text, not one.is_spam, one.at, "mallory") for one in examples(300, seed=2)]
    both = gathered([*examples(300), *wrong])
    kept = both.without({"mallory"})
    assert (kept.good, kept.spam) == (a_table().good, a_table().spam)
    assert train(kept, version=3).score(SpamText({"message": SPAM}, "contact")).score >= 80


def test_the_same_text_again_and_again_and_its_network_weigh_for_spam() -> None:
    text = SpamText({"message": "an offer that nobody has seen before in this place"}, "contact", ip="192.0.2.1")
    recent = recent_of([(text, True)] * 40)
    before, after = (train(a_table(), version=3, recent=given).weigh(text)[0] for given in (None, recent))
    assert after > before + 1
    reasons = {code_of(signal): weight for weight, signal in train(a_table(), version=3, recent=recent).weigh(text)[1]}
    assert reasons["repeat:40"] > 0
    assert reasons["network:40"] > 0


@pytest.mark.parametrize(
    "disguise",
    [
        "cas\u0456n\u043e b\u043enus w\u0456nner",
        "ca\u200bsi\u200bno bo\u00adnus win\u2060ner",
        "C A S I N O bonus winner",
    ],
)
def test_a_disguise_does_not_help(disguise: str) -> None:
    rest = " unlimited profit for you and your friends http://shop1.example/"
    assert score(disguise + rest) >= 80


def test_good_words_around_it_do_not_save_spam() -> None:
    assert score(SPAM + " " + " ".join(GOOD[:6])) >= 50


def test_a_megabyte_has_a_verdict() -> None:
    assert score(SPAM * 10_000) >= 80


def test_bounds_are_clopper_and_pearsons() -> None:
    assert upper_bound(0, 300) == pytest.approx(1 - 0.05 ** (1 / 300))
    assert upper_bound(0, 299) < 0.01 < upper_bound(0, 297)
    assert upper_bound(3, 100) == pytest.approx(0.075713, abs=1e-5)
    assert lower_bound(97, 100) == pytest.approx(1 - 0.075713, abs=1e-5)
    assert (upper_bound(0, 0), lower_bound(0, 0), upper_bound(5, 5)) == (1.0, 0.0, 1.0)
    assert upper_bound(1_000, 100_000) == pytest.approx(0.01053, abs=1e-4)


def test_a_curve_falls_with_the_score() -> None:
    found = evaluation_of([10, 85, 90, 20], [False, False, True, True])
    assert (found.lost, found.good, found.caught, found.spam) == (1, 2, 1, 2)
    assert [point.loss for point in found.curve] == sorted((point.loss for point in found.curve), reverse=True)
