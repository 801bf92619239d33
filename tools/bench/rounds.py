"""Measures the subjects in turn, A B A B, so that a slow minute of the machine slows all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bench.figures import Figures
from bench.progress import Progress


class BenchFailed(Exception):
    """A round cannot be counted; the text says why."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One of those that are measured side by side. `measure` does one round and returns its values by metric."""

    name: str
    measure: Callable[[], Mapping[str, float]]


def alternate(
    row: str, subjects: Sequence[Subject], rounds: int, before_each: Callable[[], None], progress: Progress
) -> Figures:
    """Measure every subject once a round, after `before_each`, which empties the queues."""
    figures = Figures()
    for number in range(1, rounds + 1):
        for subject in subjects:
            progress.begin(f"{row}, round {number} of {rounds}: {subject.name}")
            before_each()
            measured = subject.measure()
            figures.add(subject.name, measured)
            progress.end(measured)
    return figures
