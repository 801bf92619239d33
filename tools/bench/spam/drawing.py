"""Draws how much spam each way catches where so many good ones are lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import log10

from bench.chart import svg

_PANEL, _HEIGHT, _LEFT, _TOP, _WIDE, _HIGH = 440, 330, 54, 40, 340, 220
_COLOURS = ("#2b6cb0", "#b7791f", "#718096")
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#222}.small{font-size:10px;fill:#666}"
    ".axis{stroke:#ddd}.goal{stroke:#c53030;stroke-dasharray:4 3}"
)
_LEAST, _MOST = 0.05, 5.0
_WORDS = "good ones lost; a dot is the threshold from training alone (at the left edge: none lost)"

Curves = Mapping[str, tuple[Sequence[Sequence[float]], tuple[float, float]]]
"""By the name of a way: its curve, and the point (loss, catch) of its own threshold."""


def draw(panels: Mapping[str, Curves]) -> str:
    """Return a drawing with a panel for each number of labels; the axis of losses is logarithmic."""
    drawn = [
        f'<g transform="translate({number * _PANEL},0)">{_panel(name, curves)}</g>'
        for number, (name, curves) in enumerate(panels.items())
    ]
    return svg(_PANEL * len(panels), _HEIGHT, drawn, _STYLE)


def _panel(name: str, curves: Curves) -> str:
    parts = [f'<text x="{_LEFT}" y="18">{escape(name)}</text>', *_axes()]
    for number, (way, (curve, (loss, catch))) in enumerate(curves.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        line = " ".join(f"{_x(at):.1f},{_y(caught):.1f}" for at, caught in curve)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<circle cx="{_x(loss):.1f}" cy="{_y(catch):.1f}" r="5" fill="{colour}"/>')
        x, y = _LEFT + 150, _TOP + _HIGH - 44 + 14 * number
        parts.append(f'<text class="small" x="{x}" y="{y}" style="fill:{colour}">{escape(way)}</text>')
    return "".join(parts)


def _axes() -> list[str]:
    found = []
    for catch in (0, 25, 50, 75, 90, 100):
        y, kind = _y(catch), "goal" if catch == 90 else "axis"
        found.append(f'<line class="{kind}" x1="{_LEFT}" x2="{_LEFT + _WIDE}" y1="{y}" y2="{y}"/>')
        found.append(f'<text class="small" x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{catch} %</text>')
    for loss in (0.05, 0.1, 0.25, 0.5, 1, 2, 5):
        x, kind = _x(loss), "goal" if loss == 0.5 else "axis"
        found.append(f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{_TOP + _HIGH}"/>')
        found.append(f'<text class="small" x="{x:.1f}" y="{_TOP + _HIGH + 16}" text-anchor="middle">{loss:g} %</text>')
    middle, below = _LEFT + _WIDE / 2, _TOP + _HIGH + 36
    found.append(f'<text class="small" x="{middle}" y="{below}" text-anchor="middle">{_WORDS}</text>')
    found.append(f'<text class="small" x="{_LEFT}" y="{_TOP - 6}">spam caught</text>')
    return found


def _x(loss: float) -> float:
    share = (log10(min(max(loss, _LEAST), _MOST)) - log10(_LEAST)) / (log10(_MOST) - log10(_LEAST))
    return _LEFT + _WIDE * share


def _y(catch: float) -> float:
    return _TOP + _HIGH * (1 - catch / 100)
