"""Reads labelled submissions into a table, one by one."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain, repeat
from operator import add

import numpy as np
import numpy.typing as npt

from shared.spam import SpamText, network_hash, text_hash
from shared.spam.features import Features, features_of
from shared.spam.hashing import halves_of, place_of_signal, places_of, places_of_halves
from shared.spam.history import signals_of_history
from shared.spam.scripts import scripts_of
from storage_service.spam.learning.table import Ragged, Table

_DAY_S = timedelta(days=1).total_seconds()
_SCRIPTS_OF_GOOD_LEAST = 20
"""Good labels of a form from which its usual scripts are known."""


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled submission: its text, what a person called it, when it was accepted (unix seconds), and who."""

    text: SpamText
    is_spam: bool
    at: float
    author: str | None = None


def gathered(examples: Iterable[Example]) -> Table:
    """Return the features of examples, read one by one, in any order: 100,000 of 500 characters take 100 MB."""
    reading = _Reading()
    for example in examples:
        reading.add(example)
    return reading.table()


class _Numbers(dict[str, int]):
    """Numbers names as they come."""

    def __missing__(self, name: str) -> int:
        self[name] = number = len(self)
        return number


class _Rows:
    def __init__(self) -> None:
        self.values, self.ends = array("i"), array("q", [0])

    def add(self, values: Iterable[int]) -> None:
        self.values.extend(values)
        self.ends.append(len(self.values))

    def __len__(self) -> int:
        return len(self.ends) - 1

    def ragged(self) -> Ragged:
        return Ragged(np.frombuffer(self.values, np.int32), np.frombuffer(self.ends, np.int64))


class _Words(dict[str, tuple[int, int, int, int]]):
    """Gives each word its term, the number of its places, and its halves of a pair."""

    def __init__(self, places: _Rows) -> None:
        super().__init__()
        self._places = places

    def __missing__(self, word: str) -> tuple[int, int, int, int]:
        places, term = places_of(word), len(self._places)
        self._places.add(places)
        self[word] = found = (term, len(places), *halves_of(places[0]))
        return found


class _Pairs(dict[int, int]):
    """Gives each place of pairs its term."""

    def __init__(self, places: _Rows) -> None:
        super().__init__()
        self._places = places

    def __missing__(self, place: int) -> int:
        self[place] = term = len(self._places)
        self._places.add((place,))
        return term


class _Reading:
    """Turns examples into rows. What came before an example is added at the end, when their order is known."""

    def __init__(self) -> None:
        self._terms, self._signals, self._places = _Rows(), _Rows(), _Rows()
        self._words, self._pairs = _Words(self._places), _Pairs(self._places)
        self._counts, self._spam, self._at = array("d"), bytearray(), array("d")
        self._forms, self._authors = array("i"), array("i")
        self._form_names, self._author_names = _Numbers(), _Numbers()
        self._repeats: list[int | None] = []
        self._networks: list[int | None] = []
        self._scripts: dict[int, dict[str, int]] = {}

    def add(self, example: Example) -> None:
        text = example.text
        terms = self._terms_of(features := features_of(text))
        self._terms.add(terms)
        self._signals.add(place_of_signal(key) for key, *_ in features.signals)
        self._counts.append(sum(terms.values()))
        self._spam.append(example.is_spam)
        self._at.append(example.at)
        form = self._form_names[text.form]
        self._forms.append(form)
        self._authors.append(self._author_names[example.author or ""])
        self._repeats.append(text_hash(text))
        self._networks.append(network_hash(text.ip))
        if not example.is_spam:
            seen = self._scripts.setdefault(form, {"": 0})
            for script in ("", *scripts_of("\n".join(text.fields.values())[:2_000])[0]):
                seen[script] = seen.get(script, 0) + 1

    def table(self) -> Table:
        self._words.clear()  # all is read: what is copied now can have their memory
        self._pairs.clear()
        order = np.argsort(np.frombuffer(self._at, np.float64), kind="stable")
        signals = self._with_history(order)
        names = sorted(self._form_names)
        number = np.array([names.index(name) for name in self._form_names], np.int32)
        read = Table(
            terms=self._terms.ragged(),
            signals=signals,
            places=self._places.ragged(),
            counts=np.frombuffer(self._counts, np.float64),
            is_spam=np.frombuffer(bytes(self._spam), np.bool_),
            forms=number[np.frombuffer(self._forms, np.int32)] if names else np.zeros(0, np.int32),
            authors=np.frombuffer(self._authors, np.int32),
            names=tuple(names),
            author_names=tuple(self._author_names),
            scripts=tuple(_usual(self._scripts.get(self._form_names[name], {})) for name in names),
        )
        return read.in_order(order)

    def _terms_of(self, features: Features) -> dict[int, int]:
        """Return the terms of an example, each with the number of its places. As `Model` does it, by whole lists."""
        terms: dict[int, int] = {}
        for words in filter(None, features.words):
            numbers, counts, firsts, seconds = zip(*map(self._words.__getitem__, words), strict=True)
            terms.update(zip(numbers, counts, strict=True))
            pairs = map(self._pairs.__getitem__, places_of_halves(map(add, firsts, seconds[1:])))
            terms.update(zip(pairs, repeat(1)))
        return terms

    def _with_history(self, order: npt.NDArray[np.intp]) -> Ragged:
        """Return the signals with those of what came before, as far as it is labelled too."""
        repeats, networks = _History(self._at, _DAY_S), _History(self._at, float("inf"))
        further: dict[int, list[int]] = {}
        for number in map(int, order):
            same, network = self._repeats[number], self._networks[number]
            seen = signals_of_history(repeats.count(same, number), networks.count(network, number))
            if seen:
                further[number] = [place_of_signal(key) for key, *_ in seen]
            repeats.note(same, number)
            if self._spam[number]:
                networks.note(network, number)
        rows = _Rows()
        for number in range(len(self._at)):
            begin, end = self._signals.ends[number : number + 2]
            rows.add(chain(self._signals.values[begin:end], further.get(number, ())))
        return rows.ragged()


class _History:
    """Counts hashes among what came within some time before."""

    def __init__(self, at: array[float], within_s: float) -> None:
        self._at, self._within_s = at, within_s
        self._seen: dict[int, list[int]] = {}

    def count(self, hashed: int | None, number: int) -> int:
        if hashed is None or hashed not in self._seen:
            return 0
        begin = self._at[number] - self._within_s
        kept = self._seen[hashed] = [one for one in self._seen[hashed] if self._at[one] >= begin][-255:]
        return len(kept)

    def note(self, hashed: int | None, number: int) -> None:
        if hashed is not None:
            self._seen.setdefault(hashed, []).append(number)


def _usual(seen: dict[str, int]) -> frozenset[str]:
    """Return the scripts of one good one in fifty or more; none where there are too few to say."""
    total = seen.get("", 0)
    if total < _SCRIPTS_OF_GOOD_LEAST:
        return frozenset()
    return frozenset(script for script, count in seen.items() if script and count * 50 >= total)
