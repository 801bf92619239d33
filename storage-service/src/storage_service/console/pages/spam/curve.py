"""Draws what a model would do for each score that it could hold from, as paths of an SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 400, 220
LEFT, TOP, RIGHT, BOTTOM = 44, 12, 12, 40
LOSS_MOST = 0.1
"""How many good ones the chart goes to: with more of them nobody would hold back by it."""

_INNER_WIDTH, _INNER_HEIGHT = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM


@dataclass(frozen=True, slots=True)
class Spot:
    """A point of the chart: shares of good ones that are held back, and of spam that is, as shares of one."""

    loss: float
    catch: float

    @property
    def x(self) -> float:
        """Its place in the drawing."""
        return round(LEFT + _INNER_WIDTH * min(self.loss, LOSS_MOST) / LOSS_MOST, 1)

    @property
    def y(self) -> float:
        """Its place in the drawing."""
        return round(TOP + _INNER_HEIGHT * (1 - self.catch), 1)


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the grid, and what stands beside it."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class CurveRow:
    """What would be held back from a score on, of a hundred of each kind, in words."""

    score: int
    catch: str
    loss: str


@dataclass(frozen=True, slots=True)
class Curve:
    """The chart. `chosen` is where the model holds from by itself; `rows` say the same in words."""

    spots: Sequence[Spot]
    chosen: Spot
    rows: Sequence[CurveRow] = ()

    width, height, left, top = WIDTH, HEIGHT, LEFT, TOP
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM

    @property
    def path(self) -> str:
        """The line, in steps: between two scores nothing lies. It ends where the chart does."""
        spots = sorted(self.spots, key=lambda one: (one.loss, one.catch))
        path = f"M{LEFT} {HEIGHT - BOTTOM}"
        for one in spots:
            path += f"H{one.x}"
            if one.loss > LOSS_MOST:
                return path
            path += f"V{one.y}"
        return path + f"H{WIDTH - RIGHT}"

    @property
    def of_good(self) -> list[Tick]:
        """The lines for 0, 2, 4 … good ones of a hundred."""
        return [Tick(Spot(n / 100, 0).x, str(n)) for n in range(0, round(LOSS_MOST * 100) + 1, 2)]

    @property
    def of_spam(self) -> list[Tick]:
        """The lines for 0, 25, 50 … spam of a hundred."""
        return [Tick(Spot(0, n / 100).y, str(n)) for n in range(0, 101, 25)]

    @property
    def words(self) -> str:
        """What it shows, in a sentence."""
        return "Each step to the right holds back more good ones, each step up catches more spam; a table below has it."
