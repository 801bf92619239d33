"""Says how good a model of these labels would be, on labels that it has not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shared.spam import Model
from shared.spam.model import THRESHOLD
from storage_service.spam.learning.blending import Chosen, blended, cut_of, parts_of
from storage_service.spam.learning.bounds import lower_bound, upper_bound
from storage_service.spam.learning.table import LABELS_LEAST, Table, TooFewLabels

_PARTS, _MANY = 5, 20_000
_CURVE = (*range(0, 90, 5), *range(90, 101))

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Point:
    """One point of the curve: of the good ones `loss`, of spam `catch` are at or above a score, as shares of one."""

    score: int
    loss: float
    catch: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came of models that learned from earlier labels and were asked about later ones.

    `good` and `spam` were asked about, `lost` and `caught` of them were at or above the model's own threshold, which
    came from the earlier labels alone. `loss_bound` is the one-sided 95 % bound of the share of good ones that are
    lost, `catch_bound` that of the share of spam that is caught (Clopper-Pearson).
    """

    good: int
    spam: int
    lost: int
    caught: int
    loss_bound: float
    catch_bound: float
    curve: tuple[Point, ...] = ()

    @property
    def loss(self) -> float:
        """Return the share of good ones that would have been held."""
        return self.lost / self.good if self.good else 0.0

    @property
    def catch(self) -> float:
        """Return the share of spam that would have been held."""
        return self.caught / self.spam if self.spam else 0.0

    def to_json(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return {**asdict(self), "curve": [[point.score, point.loss, point.catch] for point in self.curve]}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Evaluation:
        """Read what `to_json` wrote, whatever else stands beside it."""
        known = {name: document[name] for name in cls.__dataclass_fields__}
        return cls(**{**known, "curve": tuple(Point(*point) for point in document["curve"])})


def evaluate(table: Table) -> Evaluation:
    """Return what models of earlier labels would have done with later ones; raises `TooFewLabels`.

    The labels of each kind are cut by time into five parts; each part that has enough before it is judged by a model
    of those before it, whose threshold comes from its own labels. Where there are very many labels, only the last part
    is. No label is judged by a model that has seen it.
    """
    parts = parts_of(table, _PARTS)
    scores, kinds = [], []
    for number in range(_PARTS - 1 if len(parts) > _MANY else 1, _PARTS):
        earlier, later = np.flatnonzero(parts < number), np.flatnonzero(parts == number)
        spam = int(table.is_spam[earlier].sum())
        if min(len(earlier) - spam, spam) >= 2 * LABELS_LEAST:
            scores.append(_scores(table, earlier, later))
            kinds.append(table.is_spam[later])
    if not scores:
        raise TooFewLabels
    return _evaluation(np.concatenate(scores), np.concatenate(kinds))


def evaluation_of(scores: Sequence[int], is_spam: Sequence[bool]) -> Evaluation:
    """Return the same of scores that were given, with what each was."""
    return _evaluation(np.asarray(scores, np.int64), np.asarray(is_spam, np.bool_))


def _scores(table: Table, earlier: Chosen, later: Chosen) -> Numbers:
    cut = cut_of(table, earlier)
    scored = Model(version=0, cut=cut.at, slope=cut.slope).scored
    weights = blended(table.some(earlier))  # at no time there are copies of both
    return np.array([scored(logit) for logit in weights.of(table.some(later)).tolist()], np.int64)


def _evaluation(scores: Numbers, is_spam: npt.NDArray[np.bool_]) -> Evaluation:
    good, spam = scores[~is_spam], scores[is_spam]
    lost, caught = int((good >= THRESHOLD).sum()), int((spam >= THRESHOLD).sum())
    return Evaluation(
        good=len(good),
        spam=len(spam),
        lost=lost,
        caught=caught,
        loss_bound=upper_bound(lost, len(good)),
        catch_bound=lower_bound(caught, len(spam)),
        curve=tuple(Point(score, _share(good, score), _share(spam, score)) for score in _CURVE),
    )


def _share(scores: Numbers, least: int) -> float:
    return float((scores >= least).mean()) if len(scores) else 0.0
