"""Fits weights to examples: logistic regression by L-BFGS, and the log-odds of naive Bayes; both are linear."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from shared.spam.hashing import SIGNAL_BITS, WORD_BITS, place_of_signal
from shared.spam.history import PRIORS
from storage_service.spam.learning.table import Floats, Ints, Ragged, Table

WORDS, SIGNALS = 1 << WORD_BITS, 1 << SIGNAL_BITS

SIGNAL_VALUE = 0.2
"""What a signal counts beside a text, whose words have the length one together."""
_SPREAD = 100.0
"""The variance that a weight may have: the inverse strength of the regularisation."""
_ROUNDS_MOST, _FEW_ROUNDS, _MANY = 60, 30, 20_000
_KEPT = 8
_CLOSE = 1e-4
_BLOCK = 4_000
"""Examples that are worked on at once, so that memory does not grow with their number."""
_SMOOTH = 0.5


@dataclass(frozen=True, slots=True)
class Weights:
    """What is added up: of each place of words, of signals, of each form, and always."""

    words: Floats
    signals: Floats
    forms: Floats
    bias: float

    def of(self, table: Table) -> Floats:
        """Return the logit of each example of a table with the same forms."""
        found = np.full(len(table.is_spam), self.bias) + self.forms[table.forms]
        for at, terms, signals in _blocks(table):
            found[at] += _sums(_sums_all(self.words, table.places)[terms.values], terms) * _scale(table, at)
            found[at] += SIGNAL_VALUE * _sums(self.signals[signals.values], signals)
        return found


def fitted(table: Table) -> Weights:
    """Return the weights that tell spam from good ones. The same for the same table."""
    used, known = _narrow(table)
    prior = np.zeros(len(used) + SIGNALS + len(table.names) + 1)
    for key, logit in PRIORS.items():
        prior[len(used) + place_of_signal(key)] = logit / SIGNAL_VALUE
    rounds = _FEW_ROUNDS if len(table.is_spam) > _MANY else _ROUNDS_MOST
    found = _weights(_least(lambda at: _loss(known, at, prior), prior, rounds), len(used))
    words = np.zeros(WORDS)
    words[used] = found.words
    return replace(found, words=words)


def _narrow(table: Table) -> tuple[Ints, Table]:
    """Return the places of words that a table has, and the table with their numbers in the place of them.

    The others' weights stay 0, and are most of them where few labels are.
    """
    used = np.unique(table.places.values).astype(np.int32)
    number = np.zeros(WORDS, np.int32)
    number[used] = np.arange(len(used), dtype=np.int32)
    return used, replace(table, places=Ragged(number[table.places.values], table.places.starts))


def _weights(found: Floats, words: int) -> Weights:
    return Weights(found[:words], found[words : words + SIGNALS], found[words + SIGNALS : -1], float(found[-1]))


def naive(table: Table) -> Floats:
    """Return the log-odds of each place of words, as naive Bayes has them of texts that have it or not."""
    counts = [np.zeros(WORDS), np.zeros(WORDS)]
    for at, terms, _ in _blocks(table):
        for kind in (0, 1):
            chosen = np.flatnonzero(table.is_spam[at] == bool(kind))
            seen = np.bincount(terms.rows(chosen).values, minlength=len(table.places.starts) - 1)
            counts[kind] += _spread(seen.astype(np.float64), table.places, WORDS)
    good, spam = counts
    return np.log((spam + _SMOOTH) / (table.spam + 1)) - np.log((good + _SMOOTH) / (table.good + 1))


def _loss(table: Table, at: Floats, prior: Floats) -> tuple[float, Floats]:
    """Return the loss and its gradient."""
    words = len(at) - SIGNALS - len(table.names) - 1
    weights = _weights(at, words)
    step = np.zeros_like(at)
    of_terms = _sums_all(weights.words, table.places)
    by_term = np.zeros(len(of_terms))
    loss = 0.0
    for block, terms, signals in _blocks(table):
        scale = _scale(table, block)
        forms = table.forms[block]
        logits = weights.bias + weights.forms[forms] + _sums(of_terms[terms.values], terms) * scale
        logits += SIGNAL_VALUE * _sums(weights.signals[signals.values], signals)
        is_spam = table.is_spam[block]
        loss += float(np.logaddexp(0, np.where(is_spam, -logits, logits)).sum())
        wrong = 1 / (1 + np.exp(-np.clip(logits, -500, 500))) - is_spam
        by_term += np.bincount(terms.values, np.repeat(wrong * scale, terms.lengths), len(by_term))
        step[words : words + SIGNALS] += SIGNAL_VALUE * np.bincount(
            signals.values, np.repeat(wrong, signals.lengths), SIGNALS
        )
        step[words + SIGNALS : -1] += np.bincount(forms, wrong, len(table.names))
        step[-1] += wrong.sum()
    step[:words] = _spread(by_term, table.places, words)
    pull = at - prior
    pull[-1] = 0.0  # the share of spam is no matter of taste
    return loss + float(pull @ pull) / (2 * _SPREAD), step + pull / _SPREAD


def _blocks(table: Table) -> Iterator[tuple[slice, Ragged, Ragged]]:
    for begin in range(0, len(table.is_spam), _BLOCK):
        block = slice(begin, min(begin + _BLOCK, len(table.is_spam)))
        yield block, _part(table.terms, block), _part(table.signals, block)


def _part(rows: Ragged, block: slice) -> Ragged:
    starts = rows.starts[block.start : block.stop + 1]
    return Ragged(rows.values[starts[0] : starts[-1]].astype(np.intp), starts - starts[0])


def _scale(table: Table, block: slice) -> Floats:
    return np.asarray(1 / np.sqrt(np.maximum(table.counts[block], 1)))


def _sums(values: Floats, rows: Ragged) -> Floats:
    """Return the sum of each row, 0 of an empty one."""
    found = np.zeros(len(rows.starts) - 1)
    filled = np.flatnonzero(rows.lengths)
    if len(filled):
        found[filled] = np.add.reduceat(values, rows.starts[filled])
    return found


def _sums_all(weights: Floats, places: Ragged) -> Floats:
    return _sums(weights[places.values], places)


def _spread(by_term: Floats, places: Ragged, words: int) -> Floats:
    return np.asarray(np.bincount(places.values, np.repeat(by_term, places.lengths), words))


def _least(loss: Callable[[Floats], tuple[float, Floats]], start: Floats, rounds: int) -> Floats:
    """Return where a convex loss is least: L-BFGS with a step that is halved until it helps."""
    at, (value, slope) = start, loss(start)
    before: deque[tuple[Floats, Floats, float]] = deque(maxlen=_KEPT)
    for _ in range(rounds):
        way = -_bent(slope, before)
        fall = float(way @ slope)
        length = 1.0 if before else 1.0 / max(1.0, float(np.abs(slope).sum()))
        for _ in range(20):
            there = at + length * way
            found, slope_there = loss(there)
            if found <= value + 1e-4 * length * fall:
                break
            length /= 2
        else:
            return at
        moved, turned = there - at, slope_there - slope
        if (curved := float(moved @ turned)) > 0:
            before.append((moved, turned, 1 / curved))
        done = value - found < _CLOSE * max(1.0, abs(value)) * 1e-2
        at, value, slope = there, found, slope_there
        if done:
            break
    return at


def _bent(slope: Floats, before: deque[tuple[Floats, Floats, float]]) -> Floats:
    """Return the slope as the last steps bend it (two-loop recursion)."""
    bent, shares = slope.copy(), []
    for moved, turned, inverse in reversed(before):
        share = inverse * float(moved @ bent)
        shares.append(share)
        bent -= share * turned
    if before:
        _, turned, inverse = before[-1]
        bent /= inverse * float(turned @ turned)
    for (moved, turned, inverse), share in zip(before, reversed(shares), strict=True):
        bent += (share - inverse * float(turned @ bent)) * moved
    return bent
