"""Computes medians, spreads and ratios of what was measured in each round."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import starmap
from math import ceil
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Summary:
    """The median over the rounds, and the least and the most of them."""

    median: float
    least: float
    most: float


def summary(values: Sequence[float]) -> Summary:
    """Summarise the rounds of one figure, of which there must be one at least."""
    return Summary(median(values), min(values), max(values))


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Return ours over theirs, round by round: what stood side by side, so that a slower minute slows both.

    A round in which theirs is nothing is left out.
    """
    return [one / other for one, other in zip(ours, theirs, strict=False) if other]


def percentile(values: Iterable[float], percent: float) -> float:
    """Return the value that `percent` of all are not above (nearest rank); raises ValueError where there are none."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values")
    return ordered[max(0, ceil(percent / 100 * len(ordered)) - 1)]


class Figures:
    """All rounds of one run: a value for each metric and each subject, in the order they were measured."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], list[float]] = defaultdict(list)

    def add(self, subject: str, measured: Mapping[str, float]) -> None:
        """Add one round of a subject: its values by metric (`accepts/s`)."""
        for metric, value in measured.items():
            self._values[metric, subject].append(value)

    def update(self, others: Figures) -> None:
        """Take over the figures of another row."""
        self._values.update(others._values)

    def values(self, metric: str, subject: str) -> list[float]:
        """Return the rounds of a figure; none where it was not measured."""
        return self._values.get((metric, subject), [])

    def of(self, subject: str) -> dict[str, list[float]]:
        """Return the rounds of a subject, by metric."""
        return {metric: values for (metric, whose), values in self._values.items() if whose == subject}

    def to_json(self) -> list[dict[str, Any]]:
        """Return every figure with its rounds, as the results are kept."""
        return list(starmap(_figure, self._values.items()))

    @classmethod
    def from_json(cls, figures: Iterable[Mapping[str, Any]]) -> Figures:
        """Read what `to_json` wrote."""
        read = cls()
        for figure in figures:
            read._values[figure["metric"], figure["subject"]] = [float(value) for value in figure["rounds"]]
        return read


def _figure(names: tuple[str, str], rounds: list[float]) -> dict[str, Any]:
    metric, subject = names
    return {"metric": metric, "subject": subject, "rounds": rounds, **asdict(summary(rounds))}
