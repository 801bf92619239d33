"""Keeps the features of many labelled submissions in little memory.

An example is a row of *terms*: its distinct words and pairs of words. A term stands for the places of its weights: of a
word its own and those of its parts. So a text takes as many numbers as it has words, not characters.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

LABELS_LEAST = 10
"""Labels of each kind without which nothing can be learned."""

_ROWS_AT_ONCE, _VALUES_AT_ONCE = 4_000, 500_000
"""So many are copied at once, so that a copy takes no more memory than it has to."""

Ints = npt.NDArray[np.int32]
Numbers = npt.NDArray[np.int32] | npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]


class TooFewLabels(Exception):
    """There are fewer than `LABELS_LEAST` labels of a kind."""


@dataclass(frozen=True, slots=True)
class Ragged:
    """Rows of numbers of different lengths: row `i` is `values[starts[i]:starts[i + 1]]`."""

    values: Numbers
    starts: npt.NDArray[np.int64]

    def rows(self, chosen: npt.NDArray[np.intp]) -> Ragged:
        """Return some rows, in the order chosen."""
        starts = np.concatenate([[0], np.cumsum(self.lengths[chosen])])
        values = np.empty(int(starts[-1]), self.values.dtype)
        for first in range(0, len(chosen), _ROWS_AT_ONCE):
            some, there = chosen[first : first + _ROWS_AT_ONCE], starts[first : first + _ROWS_AT_ONCE + 1]
            at = np.repeat(self.starts[some] - there[:-1], np.diff(there)) + np.arange(there[0], there[-1])
            values[there[0] : there[-1]] = self.values[at]
        return Ragged(values, starts)

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Return the length of each row."""
        return np.diff(self.starts)


@dataclass(frozen=True, slots=True)
class Table:
    """Examples in the order of time, as features. `gathered` makes one.

    `terms` has each example's terms, `signals` the places of its signals, `places` the places of each term. `counts` is
    how many places an example's terms have together, `forms` the number of its form in `names`.
    """

    terms: Ragged
    signals: Ragged
    places: Ragged
    counts: Floats
    is_spam: npt.NDArray[np.bool_]
    forms: Ints
    authors: Ints
    names: tuple[str, ...]
    author_names: tuple[str, ...]
    scripts: tuple[frozenset[str], ...]

    @property
    def good(self) -> int:
        """Return how many good ones there are."""
        return len(self.is_spam) - self.spam

    @property
    def spam(self) -> int:
        """Return how many are spam."""
        return int(self.is_spam.sum())

    def some(self, chosen: npt.NDArray[np.intp]) -> Table:
        """Return some of its examples, with the terms that they have."""
        terms = self.terms.rows(chosen)
        return self._with(terms, _used(terms.values, len(self.places.starts) - 1), chosen)

    def _with(self, terms: Ragged, used: npt.NDArray[np.intp], chosen: npt.NDArray[np.intp]) -> Table:
        """Return some of its examples, their terms, which become its own, numbered in the order of `used`."""
        number = np.zeros(len(self.places.starts) - 1, np.int32)
        number[used] = np.arange(len(used), dtype=np.int32)
        for begin in range(0, len(terms.values), _VALUES_AT_ONCE):  # in place: these are the largest of all
            some = terms.values[begin : begin + _VALUES_AT_ONCE]
            some[:] = number[some]
        return replace(
            self,
            terms=terms,
            places=self.places.rows(used),
            signals=self.signals.rows(chosen),
            counts=self.counts[chosen],
            is_spam=self.is_spam[chosen],
            forms=self.forms[chosen],
            authors=self.authors[chosen],
        )

    def in_order(self, order: npt.NDArray[np.intp]) -> Table:
        """Return all of its examples in another order, their terms numbered as they come first in it.

        So it is the same table in whatever order they were read.
        """
        terms = self.terms.rows(order)
        first = np.full(len(self.places.starts) - 1, len(terms.values), np.int64)
        for begin in range(0, len(terms.values), _VALUES_AT_ONCE):
            some = terms.values[begin : begin + _VALUES_AT_ONCE]
            np.minimum.at(first, some, np.arange(begin, begin + len(some)))
        return self._with(terms, np.argsort(first, kind="stable")[: int((first < len(terms.values)).sum())], order)

    def without(self, authors: Collection[str]) -> Table:
        """Return the table without the labels of some authors."""
        out = [number for number, name in enumerate(self.author_names) if name in authors]
        return self.some(np.flatnonzero(~np.isin(self.authors, out)))


def _used(values: Numbers, count: int) -> npt.NDArray[np.intp]:
    """Return which of so many numbers there are."""
    there = np.zeros(count, np.bool_)
    there[values] = True
    return np.flatnonzero(there)
