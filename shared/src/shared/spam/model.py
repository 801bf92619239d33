"""Holds a model and scores with it."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, pairwise
from math import exp, floor, log, sqrt
from operator import add, itemgetter
from typing import Generic, NamedTuple, TypeVar

from shared.spam.features import Features, features_of
from shared.spam.hashing import SIGNAL_BITS, WORD_BITS, halves_of, place_of_signal, places_of, places_of_halves
from shared.spam.history import signals_of_history
from shared.spam.known import Known
from shared.spam.reasons import CODE_MOST
from shared.spam.repeats import network_hash, text_hash
from shared.spam.signals import Signal, code_of
from shared.spam.texts import SpamText

REASONS_MOST = 5
THRESHOLD = 80
"""The score that a model's own threshold has, whatever the model: scores of two models mean the same there."""

_REMEMBERED_MOST = 8192
_NO_SCRIPTS: frozenset[str] = frozenset()
_AT_THRESHOLD = log(THRESHOLD / (100 - THRESHOLD))
_FLAT = 60.0
_SAID_LEAST = 0.05
"""A logit less than which a reason is not worth a line."""

Weighed = tuple[int, int, int, int]
"""Of a word: the sum of its weights and of its parts', how many they are, and its halves of a pair."""
_SUM, _COUNT, _FIRST, _SECOND = map(itemgetter, range(4))

Weight = tuple[float, Signal]
"""What is worth a line, and what it adds to the logit; a word is told as a signal is."""

_V = TypeVar("_V")


class Scored(NamedTuple):
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
    _of_signals: Mapping[str, float] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Begin to remember what words and signals weigh: the same ones come again and again."""
        object.__setattr__(self, "_words", _Remembered(partial(_word_of, self.weights)))
        object.__setattr__(self, "_of_signals", _Remembered(partial(_signal_of, self.signals, self.signal_scale)))

    @property
    def name(self) -> str:
        """Return how a verdict names it: `12-3fa94c01`."""
        return f"{self.version}-{self.digest[:8]}"

    def score(self, text: SpamText) -> Scored:
        """Return what the model says of a submission: 80 or more is above its own threshold."""
        logit, weights = self.weigh(text)
        return Scored(self.scored(logit), _codes(weights, speaks_for_spam=logit >= self.cut))

    def weigh(self, text: SpamText) -> tuple[float, list[Weight]]:
        """Return the logit of spam, and what is worth a line: signals, and the words that speak for the verdict."""
        features = features_of(text, self.scripts.get(text.form, _NO_SCRIPTS))
        of_signals, said = 0.0, []
        for signal in chain(features.signals, self._history(text)):
            weight = self._of_signals[signal[0]]
            of_signals += weight
            if not -_SAID_LEAST < weight < _SAID_LEAST:
                said.append((weight, signal))
        words, pairs, count = self._weighed(features)
        scale = self.word_scale / sqrt(count) if count else 0.0
        logit = self.bias + self.offsets.get(text.form, 0.0) + of_signals
        logit += scale * (sum(map(_SUM, words.values())) + sum(pairs.values()))
        if scale:
            said += _said_by_words(words, pairs, scale, speaks_for_spam=logit >= self.cut)
        return logit, said

    def scored(self, logit: float) -> int:
        """Return the score of a logit."""
        steep = max(-_FLAT, min(_FLAT, self.slope * (logit - self.cut) + _AT_THRESHOLD))
        return int(100 / (1 + exp(-steep)) + 1e-9)

    def _history(self, text: SpamText) -> Iterable[Signal]:
        if not self.texts.hashes and not self.networks.hashes:
            return ()
        repeats = self.texts.count(text_hash(text)) if self.texts.hashes else 0
        return signals_of_history(repeats, self.networks.count(network_hash(text.ip)))

    def _weighed(self, features: Features) -> tuple[dict[str, Weighed], dict[tuple[str, str], int], int]:
        """Return what each word weighs, and each pair, once; and how many weights these are together.

        By whole lists: a loop over words takes twice the time.
        """
        words: dict[str, Weighed] = {}
        pairs: dict[tuple[str, str], int] = {}
        for there in features.words:
            found = [*map(self._words.__getitem__, there)]
            words.update(zip(there, found))  # noqa: B905 - as long as each other; to say `strict` takes as long as the rest
            if len(found) > 1:
                places = places_of_halves(map(add, map(_FIRST, found), map(_SECOND, found[1:])))
                pairs.update(zip(pairwise(there), map(self.weights.__getitem__, places)))  # noqa: B905
        return words, pairs, sum(map(_COUNT, words.values())) + len(pairs)


class _Remembered(dict[str, _V], Generic[_V]):
    """What words or signals weigh. It remembers those of late, since a stranger can send all that there are."""

    def __init__(self, find: Callable[[str], _V]) -> None:
        super().__init__()
        self._find = find
        self._before: dict[str, _V] = {}

    def __missing__(self, key: str) -> _V:
        found = self._before.get(key)
        if found is None:
            found = self._find(key)
        if len(self) >= _REMEMBERED_MOST:
            self._before = self.copy()
            self.clear()
        self[key] = found
        return found


def _word_of(weights: array[int], word: str) -> Weighed:
    places = places_of(word)
    return sum(map(weights.__getitem__, places)), len(places), *halves_of(places[0])


def _signal_of(signals: array[int], scale: float, key: str) -> float:
    return signals[place_of_signal(key)] * scale


def _said_by_words(
    words: Mapping[str, Weighed], pairs: Mapping[tuple[str, str], int], scale: float, *, speaks_for_spam: bool
) -> list[Weight]:
    """Return the words and pairs that weigh most on one side, of those that are worth a line."""
    least = floor(_SAID_LEAST / scale) - 1
    strong: list[tuple[int, str | tuple[str, str]]]
    if speaks_for_spam:
        strong = [(one[0], word) for word, one in words.items() if one[0] > least]
        strong += [(value, pair) for pair, value in pairs.items() if value > least]
    else:
        strong = [(one[0], word) for word, one in words.items() if one[0] < -least]
        strong += [(value, pair) for pair, value in pairs.items() if value < -least]
    if not strong:
        return []
    strong.sort(key=_SUM, reverse=speaks_for_spam)
    return [(value * scale, _as_signal(said)) for value, said in strong[:REASONS_MOST]]


def _as_signal(said: str | tuple[str, str]) -> Signal:
    return ("", "word", said) if isinstance(said, str) else ("", "words", f"{said[0]} {said[1]}")


def _codes(weights: list[Weight], *, speaks_for_spam: bool) -> tuple[str, ...]:
    """Return the codes of what weighs most on the side of the verdict, each once."""
    weights.sort(key=_SUM, reverse=speaks_for_spam)
    sign, prefix = (1, "") if speaks_for_spam else (-1, "-")
    codes: dict[str, None] = {}
    for weight, signal in weights[: 2 * REASONS_MOST]:
        if sign * weight < _SAID_LEAST:
            break
        codes[f"{prefix}{code_of(signal)}"] = None
    return tuple(code[:CODE_MOST] for code in list(codes)[:REASONS_MOST])
