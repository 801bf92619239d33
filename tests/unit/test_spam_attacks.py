"""What somebody may try who knows how the score is learned: each is tried on a model of many labels."""

from __future__ import annotations

import time
from collections.abc import Iterator
from random import Random

import pytest

from shared.spam import Model, SpamText, packed, text_of
from storage_service.spam.learning import Example, Table, gathered, train
from support.junk import by_a_person, by_a_robot
from support.steps import steps_of

OWNER, MALLORY = "owner@example.org", "mallory@example.org"
LABELS = 150
"""Of each kind, by the owner."""

FRESH = range(10_000, 10_100)
"""Numbers of texts that no label is of."""

MIDDLE = 80
"""The model's own threshold on the scale of scores."""


def text(message: str) -> SpamText:
    return text_of({"message": message}, form="contact")


def labels() -> Iterator[Example]:
    for number in range(LABELS):
        yield Example(text(by_a_person(number)), is_spam=False, at=1e9 + 2 * number, author=OWNER)
        yield Example(text(by_a_robot(number)), is_spam=True, at=1e9 + 2 * number + 1, author=OWNER)


def lies() -> Iterator[Example]:
    """What an account says that somebody took over: robots are people, and people robots."""
    for number in range(LABELS, 2 * LABELS):
        yield Example(text(by_a_robot(number)), is_spam=False, at=1e9 + number, author=MALLORY)
        yield Example(text(by_a_person(number)), is_spam=True, at=1e9 + number, author=MALLORY)


@pytest.fixture(scope="module")
def table() -> Table:
    return gathered(labels())


@pytest.fixture(scope="module")
def model(table: Table) -> Model:
    return train(table, version=1)


def caught(model: Model, messages: list[str]) -> float:
    """Return the share that is above the threshold."""
    return sum(model.score(text(one)).score >= MIDDLE for one in messages) / len(messages)


def test_it_catches_what_robots_write_and_nothing_that_people_do(model: Model) -> None:
    assert caught(model, [by_a_robot(n) for n in FRESH]) >= 0.95
    assert caught(model, [by_a_person(n) for n in FRESH]) == 0


def test_the_labels_of_one_account_are_taken_out_and_it_is_as_if_they_had_never_been(
    table: Table, model: Model
) -> None:
    poisoned = gathered([*labels(), *lies()])
    robots = [by_a_robot(n) for n in FRESH]
    assert caught(train(poisoned, version=1), robots) < 0.5, "vacuous: the lies do no harm"
    assert packed(train(poisoned.without({MALLORY}), version=1)) == packed(model)


def test_good_words_around_it_do_not_hide_it(model: Model) -> None:
    stuffed = []
    for number in FRESH:
        words = by_a_person(number).split()
        Random(number).shuffle(words)  # noqa: S311 - the same each time
        stuffed.append(f"{by_a_robot(number)} {' '.join(words[:10])}")
    assert caught(model, stuffed) >= 0.9


_LOOK_ALIKES = str.maketrans("aceopxyi", "\u0430\u0441\u0435\u043e\u0440\u0445\u0443\u0456")
"""To Cyrillic letters, which look the same."""


@pytest.mark.parametrize(
    "disguise",
    [
        lambda message: message.translate(_LOOK_ALIKES),
        "\u200b".join,
        "\u00ad".join,
        lambda message: "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in message),
        lambda message: "".join(sign + "\u0336" for sign in message),
        str.upper,
    ],
    ids=["look-alikes", "zero-width spaces", "soft hyphens", "full width", "strokes", "capitals"],
)
def test_a_disguise_changes_little(model: Model, disguise: object) -> None:
    assert callable(disguise)
    robots = [by_a_robot(n) for n in FRESH]
    assert caught(model, [disguise(one) for one in robots]) >= caught(model, robots) - 0.05


@pytest.mark.parametrize(
    "filler",
    ["x", "casino ", "ﷺ", "a\u0300", "https://a.example/ ", "\u200b", "é" * 3 + " "],
    ids=["one word", "words", "ligatures", "accents", "links", "invisible", "é"],
)
def test_a_megabyte_is_no_more_work_than_some_thousand_characters(model: Model, filler: str) -> None:
    few, many = (text(filler * (size // len(filler))) for size in (20_000, 1_000_000))
    model.score(few), model.score(many)  # what is remembered is remembered now
    assert steps_of(lambda: model.score(many)) <= 2 * steps_of(lambda: model.score(few)) + 1000
    begun_s = time.perf_counter()
    for _ in range(10):
        model.score(many)
    assert (time.perf_counter() - begun_s) / 10 < 0.05


def test_many_fields_are_no_more_work_than_some(model: Model) -> None:
    few, many = ({f"f{n}": by_a_robot(n) for n in range(count)} for count in (64, 5000))
    work = [steps_of(lambda fields=fields: model.score(text_of(fields, form="contact"))) for fields in (few, many)]  # type: ignore[misc]
    assert work[1] <= 2 * work[0] + 1000
