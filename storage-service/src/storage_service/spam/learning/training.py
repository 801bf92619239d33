"""Learns a model."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from shared.spam import Known, Model, SpamText, network_hash, text_hash
from storage_service.spam.learning.blending import blended, cut_of
from storage_service.spam.learning.fitting import SIGNAL_VALUE
from storage_service.spam.learning.table import Floats, Table

_STEPS = 127
_LARGEST = 0.9999
"""The share of weights that int8 has as they are; larger ones are the largest that it has."""


@dataclass(frozen=True, slots=True)
class Recent:
    """What a model knows of the last days beside its labels: repeated texts, and networks that spam came from."""

    texts: Known = field(default_factory=Known)
    networks: Known = field(default_factory=Known)


def recent_of(submissions: Iterable[tuple[SpamText, bool]]) -> Recent:
    """Return what a model is to know of the submissions of a day, each with whether a person called it spam.

    Texts count whatever they are called, networks only those of what a person called spam; the 10,000 most frequent.
    """
    texts, networks = Counter[int](), Counter[int]()
    for text, is_spam in submissions:
        if (hashed := text_hash(text)) is not None:
            texts[hashed] += 1
        if is_spam and (network := network_hash(text.ip)) is not None:
            networks[network] += 1
    repeated = {hashed: count for hashed, count in texts.items() if count > 1}
    return Recent(Known.of(repeated), Known.of(networks))


def train(table: Table, *, version: int, recent: Recent | None = None) -> Model:
    """Return a model of all labels, with `may_hold` false; raises `TooFewLabels`. The same for the same labels."""
    weights, cut = blended(table), cut_of(table)
    words, word_scale = _small(weights.words)
    signals, signal_scale = _small(SIGNAL_VALUE * weights.signals)
    recent = recent or Recent()
    return Model(
        version=version,
        weights=words,
        signals=signals,
        word_scale=word_scale,
        signal_scale=signal_scale,
        bias=weights.bias,
        cut=cut.at,
        slope=cut.slope,
        offsets=dict(zip(table.names, map(float, weights.forms), strict=True)),
        scripts={name: scripts for name, scripts in zip(table.names, table.scripts, strict=True) if scripts},
        texts=recent.texts,
        networks=recent.networks,
    )


def _small(weights: Floats) -> tuple[array[int], float]:
    """Return weights as int8, and what one step of them is."""
    sizes = np.sort(np.abs(weights[weights != 0]))
    largest = float(sizes[int(_LARGEST * (len(sizes) - 1))]) if len(sizes) else 1.0
    steps = np.clip(np.rint(weights * (_STEPS / largest)), -_STEPS, _STEPS)
    return array("b", steps.astype(np.int8).tobytes()), largest / _STEPS
