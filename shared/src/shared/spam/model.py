"""Holds a model and scores with it."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from math import exp, log, sqrt
from operator import add, itemgetter

from shared.spam.features import Features, features_of
from shared.spam.hashing import SIGNAL_BITS, WORD_BITS, halves_of, place_of_signal, places_of, places_of_halves
from shared.spam.history import signals_of_history
from shared.spam.known import Known
from shared.spam.reasons import CODE_MOST
from shared.spam.repeats import network_hash, text_hash
from shared.spam.signals import Signal
from shared.spam.texts import SpamText

REASONS_MOST = 5
THRESHOLD = 80
"""The score that a model's own threshold has, whatever the model: scores of two models mean the same there."""

_REMEMBERED_WORDS = 8192
_AT_THRESHOLD = log(THRESHOLD / (100 - THRESHOLD))
_FLAT = 60.0
_SAID_LEAST = 0.05
"""A logit less than which a reason is not worth a line."""

Weighed = tuple[int, int, int, int]
"""Of a word: the sum of its weights and of its parts', how many they are, and its halves of a pair."""
Weight = tuple[float, str]


@dataclass(frozen=True, slots=True)
class Scored:
    """What a model says of one submission: 0 (a person) to 100 (spam), and what weighed most, as codes."""

    score: int
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Model:
    """A model of one installation: what it adds up is the logit of spam.

    `weights` are of words, pairs and 4-grams, `signals` of all else: int8, times their scales. `offsets` has by form
    what is added there, `scripts` those that its people write. A logit of `cut` has the score 80, and `slope` says how
    fast it changes there. `may_hold` says that its evaluation allows to hold by it. `digest` is the SHA-256 of its
    bytes, empty until it was unpacked from them.
    """

    version: int
    weights: array[int] = field(default_factory=lambda: array("b", bytes(1 << WORD_BITS)))
    signals: array[int] = field(default_factory=lambda: array("b", bytes(1 << SIGNAL_BITS)))
    word_scale: float = 1.0
    signal_scale: float = 1.0
    bias: float = 0.0
    cut: float = 0.0
    slope: float = 1.0
    offsets: Mapping[str, float] = field(default_factory=dict)
    scripts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    texts: Known = field(default_factory=Known)
    networks: Known = field(default_factory=Known)
    threshold: int = THRESHOLD
    may_hold: bool = False
    digest: str = ""
    _words: Mapping[str, Weighed] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Begin to remember words: the same ones come again and again."""
        object.__setattr__(self, "_words", _Words(self.weights))

    @property
    def name(self) -> str:
        """Return how a verdict names it: `12-3fa94c01`."""
        return f"{self.version}-{self.digest[:8]}"

    def score(self, text: SpamText) -> Scored:
        """Return what the model says of a submission: 80 or more is above its own threshold."""
        logit, weights = self.weigh(text)
        return Scored(self.scored(logit), _said(weights, speaks_for_spam=logit >= self.cut))

    def weigh(self, text: SpamText) -> tuple[float, list[Weight]]:
        """Return the logit of spam, and what adds to it, with its code: signals, and the words that weigh most."""
        features = features_of(text, self.scripts.get(text.form, frozenset()))
        seen = [
            (self.signals[place_of_signal(key)] * self.signal_scale, code)
            for key, code in (*features.signals, *self._history(text))
        ]
        words, pairs, count = self._weighed(features)
        scale = self.word_scale / sqrt(count) if count else 0.0
        logit = self.bias + self.offsets.get(text.form, 0.0) + sum(weight for weight, _ in seen)
        logit += scale * (sum(words.values()) + sum(pairs.values()))
        if scale:
            seen += _said_by_words(words, pairs, scale, speaks_for_spam=logit >= self.cut)
        return logit, seen

    def scored(self, logit: float) -> int:
        """Return the score of a logit."""
        steep = max(-_FLAT, min(_FLAT, self.slope * (logit - self.cut) + _AT_THRESHOLD))
        return int(100 / (1 + exp(-steep)) + 1e-9)

    def _history(self, text: SpamText) -> list[Signal]:
        repeats = self.texts.count(text_hash(text)) if self.texts.hashes else 0
        return signals_of_history(repeats, self.networks.count(network_hash(text.ip)) if self.networks.hashes else 0)

    def _weighed(self, features: Features) -> tuple[dict[str, int], dict[tuple[str, str], int], int]:
        """Return what each word weighs with its parts, and each pair, once; and how many weights these are together.

        By whole lists: a loop over words takes twice the time.
        """
        words: dict[str, int] = {}
        parts: dict[str, int] = {}
        pairs: dict[tuple[str, str], int] = {}
        for there in filter(None, features.words):
            values, counts, firsts, seconds = zip(*map(self._words.__getitem__, there), strict=True)
            words.update(zip(there, values, strict=True))
            parts.update(zip(there, counts, strict=True))
            places = places_of_halves(map(add, firsts, seconds[1:]))
            pairs.update(zip(pairwise(there), map(self.weights.__getitem__, places), strict=True))
        return words, pairs, sum(parts.values()) + len(pairs)


class _Words(dict[str, Weighed]):
    """What each word weighs. It remembers those of late, since a stranger can send all that there are."""

    def __init__(self, weights: array[int]) -> None:
        super().__init__()
        self._weights = weights
        self._before: dict[str, Weighed] = {}

    def __missing__(self, word: str) -> Weighed:
        found = self._before.get(word)
        if found is None:
            places = places_of(word)
            found = sum(map(self._weights.__getitem__, places)), len(places), *halves_of(places[0])
        if len(self) >= _REMEMBERED_WORDS:
            self._before = self.copy()
            self.clear()
        self[word] = found
        return found


def _said_by_words(
    words: Mapping[str, int], pairs: Mapping[tuple[str, str], int], scale: float, *, speaks_for_spam: bool
) -> list[Weight]:
    """Return the words and pairs that weigh most on one side, of those that are worth a line."""
    least = _SAID_LEAST / scale - 1
    strong: list[tuple[int, str | tuple[str, str]]]
    if speaks_for_spam:
        strong = [(value, word) for word, value in words.items() if value > least]
        strong += [(value, pair) for pair, value in pairs.items() if value > least]
    else:
        strong = [(value, word) for word, value in words.items() if value < -least]
        strong += [(value, pair) for pair, value in pairs.items() if value < -least]
    strong.sort(key=itemgetter(0), reverse=speaks_for_spam)
    return [
        (value * scale, f"word:{said}" if isinstance(said, str) else f"words:{said[0]} {said[1]}")
        for value, said in strong[:REASONS_MOST]
    ]


def _said(weights: Iterable[Weight], *, speaks_for_spam: bool) -> tuple[str, ...]:
    """Return the codes of what weighed most on the side of the verdict, each once."""
    most = sorted(weights, key=itemgetter(0), reverse=speaks_for_spam)[: 2 * REASONS_MOST]
    sign, prefix = (1, "") if speaks_for_spam else (-1, "-")
    codes = dict.fromkeys(code for weight, code in most if sign * weight >= _SAID_LEAST)
    return tuple(f"{prefix}{code}"[:CODE_MOST] for code in list(codes)[:REASONS_MOST])
