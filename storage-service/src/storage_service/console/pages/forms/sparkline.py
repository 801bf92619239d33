"""Draws what came on each of the last days, as the path of an SVG, and says the same in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storage_service.records.recent import Day

STEP = 5
BAR = 4
HEIGHT = 32
LEAST = 2
"""How far apart bars begin, how wide one is, how high the highest is, and how high one that is not none at least is."""


@dataclass(frozen=True, slots=True)
class Sparkline:
    """A chart of bars, one a day, the oldest at the left. `words` say what it shows; there is no bar for none."""

    days: Sequence[Day]

    @property
    def width(self) -> int:
        """In the units of `path`."""
        return max(len(self.days), 1) * STEP

    @property
    def height(self) -> int:
        """The same of its height."""
        return HEIGHT

    @property
    def total(self) -> int:
        """How many came on all days together."""
        return sum(one.n for one in self.days)

    @property
    def path(self) -> str:
        """The bars, as the attribute `d` of an SVG's path."""
        most = max((one.n for one in self.days), default=0)
        return "".join(_bar(number, one.n, most) for number, one in enumerate(self.days) if one.n)

    @property
    def words(self) -> str:
        """What the chart shows."""
        if not self.total:
            return f"None in the last {len(self.days)} days."
        most = max(self.days, key=lambda one: one.n)
        last = self.days[-1].n
        return (
            f"{self.total:,} in the last {len(self.days)} days, {last:,} today. "
            f"Most on {most.day.day} {most.day:%B}: {most.n:,}."
        )


def _bar(number: int, n: int, most: int) -> str:
    height = max(LEAST, round(HEIGHT * n / most))
    return f"M{number * STEP} {HEIGHT}v-{height}h{BAR}v{height}z"
