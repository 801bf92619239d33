"""Decides by figures alone: may there be a model at all, may forms hold by it, and is it worse than the one before."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from shared.spam import Scored, SpamText

LABELS_LEAST, OF_A_KIND_LEAST = 200, 50
"""Labels without which no model is made: in all, and of spam and of no spam each."""

LOSS_MOST = 0.01
"""The share of good ones that may be lost by holding: its one-sided 95 % bound is to be as low as this."""

ASKED_SPAM_LEAST = 50
"""Spam that a model must have been asked about before anything is held: of less nobody knows what it catches."""

ASKED_SHARE = 0.64
"""Of all labels the share that a model is asked about: four fifths are not held back, and of these the earliest fifth
only teaches."""

CHANCE = 0.05
"""How likely something may be to happen by chance, and still count for something."""

_SEARCHED_MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class Missing:
    """So many labels of each kind are missing, about. Where both are 0, no number of labels helps, see `words`."""

    good: int
    spam: int
    words: str


class Scores(Protocol):
    """A model, see `shared.spam.Model`."""

    @property
    def threshold(self) -> int:
        """The score from which on it takes something for spam."""

    def score(self, text: SpamText) -> Scored:
        """Say what it thinks of a text."""


def may_train(good: int, spam: int) -> Missing | None:
    """Return which labels are missing for a model; None where there are enough."""
    short_good, short_spam = max(0, OF_A_KIND_LEAST - good), max(0, OF_A_KIND_LEAST - spam)
    rest = max(0, LABELS_LEAST - good - spam - short_good - short_spam)
    if not short_good + short_spam + rest:
        return None
    parts = [f"{short_spam} of spam"] * bool(short_spam) + [f"{short_good} of good ones"] * bool(short_good)
    parts += [f"{rest} {'more ' if parts else ''}of either kind"] * bool(rest)
    return Missing(short_good, short_spam, f"missing for a model: {_listed(parts)}")


def may_hold(evaluation: Mapping[str, Any], *, asked_share: float = ASKED_SHARE) -> Missing | None:
    """Return what is missing before forms may hold by a model; None where they may.

    `evaluation` has `good`, `spam` and `lost`, as `learning.Evaluation.to_json` writes them. `asked_share` is the share
    of all labels that a model is asked about: what is missing is counted in labels.
    """
    good, spam, lost = int(evaluation["good"]), int(evaluation["spam"]), int(evaluation["lost"])
    needed = good_needed(lost)
    of_good, of_spam = max(0, needed - good), max(0, ASKED_SPAM_LEAST - spam)
    if not of_good and not of_spam:
        return None
    if good and lost / good >= LOSS_MOST and lost > 1:
        words = f"of {good} good ones {lost} would have been held, one in a hundred or more: forms cannot hold by it"
        return Missing(0, 0, words)
    short_good, short_spam = math.ceil(of_good / asked_share), math.ceil(of_spam / asked_share)
    parts = [f"{short_good} good ones"] * bool(short_good) + [f"{short_spam} of spam"] * bool(short_spam)
    return Missing(short_good, short_spam, f"missing before forms may hold: about {_listed(parts)}, marked or answered")


def good_needed(lost: int) -> int:
    """Return of how many good ones so many may be lost, for the bound of the loss to be `LOSS_MOST`: 299 for none."""
    low, high = 0, 1
    while _lost_by_chance(lost, high) > CHANCE and high < _SEARCHED_MOST:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _lost_by_chance(lost, middle) > CHANCE else (low, middle)
    return high


def worse(before: Scores, after: Scores, held_back: Sequence[tuple[SpamText, bool]]) -> str | None:
    """Return in words how a model is worse than the one before on the same labels, of which neither was made; None
    where it is not, or where chance explains it."""
    for kind, what, did in ((False, "good ones", "held"), (True, "spam", "let through")):
        asked = [text for text, is_spam in held_back if is_spam is kind]
        wrong = [(_is_wrong(before, text, is_spam=kind), _is_wrong(after, text, is_spam=kind)) for text in asked]
        worsened = sum(now and not then for then, now in wrong)
        bettered = sum(then and not now for then, now in wrong)
        if _is_no_chance(worsened, bettered):
            than = f"that the model before had right, and {bettered} the other way round"
            return f"of {len(asked)} {what} that neither was made of it would have {did} {worsened} {than}"
    return None


def _is_wrong(model: Scores, text: SpamText, *, is_spam: bool) -> bool:
    return (model.score(text).score >= model.threshold) != is_spam


def _is_no_chance(worsened: int, bettered: int) -> bool:
    """Say whether a coin would hardly ever fall so: the exact sign test, one-sided."""
    if worsened <= bettered:
        return False
    asked = worsened + bettered
    ways = sum(math.comb(asked, one) for one in range(worsened, asked + 1))
    return bool(ways < CHANCE * 2**asked)


def _lost_by_chance(lost: int, good: int) -> float:
    """Return how likely it is to lose so few of so many, where one of a hundred is lost in truth."""
    if good <= lost:
        return 1.0
    base, odds = math.log1p(-LOSS_MOST), math.log(LOSS_MOST / (1 - LOSS_MOST))
    return sum(
        math.exp(math.lgamma(good + 1) - math.lgamma(one + 1) - math.lgamma(good - one + 1) + good * base + one * odds)
        for one in range(lost + 1)
    )


def _listed(parts: Sequence[str]) -> str:
    return " and ".join(parts)
