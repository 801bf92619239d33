"""Learns from a table: logistic regression, with naive Bayes beside it while there are few labels; and where to cut."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from storage_service.spam.learning.fitting import SIGNALS, Weights, fitted, naive
from storage_service.spam.learning.table import LABELS_LEAST, Floats, Table, TooFewLabels

_NAIVE_LABELS, _NAIVE_MOST = 1_000, 2.0
"""Naive Bayes counts `_NAIVE_LABELS` over the number of labels, beside one of logistic regression, 2 at most."""

LOSS_AIMED = 0.0075
"""The share of good ones that may be above the cut among labels that were held back. One may always be: a single odd
one, or a label that is wrong, would else put the cut where no spam is caught."""

_SPAM_BEYOND = 0.01
"""Where all spam but this share is farther away than the cut is from the good ones, the cut is put into the middle: a
good one that is a little odder than those before is not held then."""

_FOLDS, _MANY = 5, 20_000
_TYPICAL_SPAM = 2.09
"""The steps from a score of 80 to one of 97, as logits: the median of spam has 97."""
_SLOPE_LEAST, _SLOPE_MOST = 0.05, 20.0

Chosen = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Cut:
    """Where spam begins, as a logit, and how fast scores change there."""

    at: float
    slope: float


def blended(table: Table, labels: int | None = None) -> Weights:
    """Return weights that are good with few labels and with many; raises `TooFewLabels`.

    By `labels`, else by the table's own number, it decides how much naive Bayes counts: a part of a table is to be
    learned from as all of it is, or what is said of its logits would not be true of the others.
    """
    if min(table.good, table.spam) < LABELS_LEAST:
        raise TooFewLabels
    learned, simple = fitted(table), naive(table)
    alone = Weights(simple, np.zeros(SIGNALS), np.zeros(len(table.names)), 0.0)
    sure, simply_sure = learned.of(table), alone.of(table)
    share = min(_NAIVE_LABELS / (labels or len(table.is_spam)), _NAIVE_MOST) * spread_of(sure) / spread_of(simply_sure)
    middle = float(simply_sure[table.is_spam].mean() + simply_sure[~table.is_spam].mean()) / 2
    return replace(learned, words=learned.words + share * simple, bias=learned.bias - share * middle)


def spread_of(values: Floats) -> float:
    """Return how far values are apart, never 0."""
    return float(values.std()) or 1.0


def cut_of(table: Table, among: Chosen | None = None) -> Cut:
    """Return the cut of a model of these labels, from these alone: each is judged by a model that has not seen it.

    With `among`, of these examples of the table: they are not copied, so that memory has one copy less.
    """
    logits, is_spam = held_back(table, np.arange(len(table.is_spam)) if among is None else among)
    good = np.sort(logits[~is_spam])[::-1]
    above = max(1, round(LOSS_AIMED * len(good)))
    at = float(good[above - 1] + good[above]) / 2
    if (nearest := float(np.quantile(logits[is_spam], _SPAM_BEYOND))) > at:
        at = (at + nearest) / 2
    slope = _TYPICAL_SPAM / max(float(np.median(logits[is_spam])) - at, 1e-6)
    return Cut(at, min(max(slope, _SLOPE_LEAST), _SLOPE_MOST))


def held_back(table: Table, among: Chosen) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return logits by models that have not seen the example, and whether each is spam.

    Every fifth label of a kind makes a part; each part is judged by a model of the others. Where there are very many,
    only one part is. Parts by time were not chosen: what came in one week alone would be judged by models that know
    nothing like it, and one such week would put the cut where little spam is caught.
    """
    is_spam = table.is_spam[among]
    parts = np.zeros(len(among), np.int64)
    for kind in (False, True):
        of_kind = np.flatnonzero(is_spam == kind)
        parts[of_kind] = np.arange(len(of_kind)) % _FOLDS
    logits = np.zeros(len(among))
    judged = [_FOLDS - 1] if len(among) > _MANY else [*range(_FOLDS)]
    for number in judged:
        seen, unseen = np.flatnonzero(parts != number), np.flatnonzero(parts == number)
        logits[unseen] = blended(table.some(among[seen]), len(among)).of(table.some(among[unseen]))
    chosen = np.isin(parts, judged)
    return logits[chosen], is_spam[chosen]


def parts_of(table: Table, count: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the part of each example, from 0: as many of each kind in each part, in the order of time."""
    parts = np.zeros(len(table.is_spam), np.int64)
    for kind in (False, True):
        of_kind = np.flatnonzero(table.is_spam == kind)
        parts[of_kind] = np.arange(len(of_kind)) * count // max(len(of_kind), 1)
    return parts
