"""Measures how cost grows with the size of a submission, with the backlog, and with the rows that are kept.

`python -m bench.growth [CURVE …]`, or `make bench ROW=growth`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TypeAlias

from bench.world import World

Measure: TypeAlias = Callable[[int], Mapping[str, float]]
"""Measures one point of a curve, and returns its values by metric."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One curve: what grows, the points that are measured, and fewer of them to see that it works."""

    what: str
    axis: str
    points: tuple[int, ...]
    quick: tuple[int, ...]
    measuring: Callable[[World], AbstractContextManager[Measure]]
