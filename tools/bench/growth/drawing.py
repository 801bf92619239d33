"""Draws a curve as SVG: a panel for each metric, with logarithmic axes, so that linear growth has the slope of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import log10

from bench.chart import svg

_PANEL, _HEIGHT, _PAD = 300, 220, 44
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#222}.small{font-size:10px;fill:#666}"
    "polyline{fill:none;stroke:#2b6cb0;stroke-width:2}circle{fill:#2b6cb0}.axis{stroke:#999}"
)


def draw(axis: str, points: Sequence[tuple[int, Mapping[str, float]]]) -> str:
    """Return a drawing of every metric over the axis; what is nothing or less is left out."""
    metrics = list(dict.fromkeys(metric for _, values in points for metric in values))
    panels = []
    for number, metric in enumerate(metrics):
        line = [(float(x), values[metric]) for x, values in points if values.get(metric, 0) > 0]
        if line:
            panels.append(f'<g transform="translate({number % 3 * _PANEL},{number // 3 * _HEIGHT})">')
            panels.append(_panel(axis, metric, line) + "</g>")
    height = _HEIGHT * ((len(metrics) + 2) // 3)
    return svg(3 * _PANEL, height, panels, _STYLE)


def _panel(axis: str, metric: str, line: Sequence[tuple[float, float]]) -> str:
    xs, ys = [max(x, 1.0) for x, _ in line], [y for _, y in line]  # nothing stands where one would
    placed = [
        (_PAD + _share(max(x, 1.0), xs) * (_PANEL - 2 * _PAD), _HEIGHT - _PAD - _share(y, ys) * (_HEIGHT - 2 * _PAD))
        for x, y in line
    ]
    base = _HEIGHT - _PAD + 6
    marks = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in placed)
    values = "".join(
        f'<text class="small" x="{x:.1f}" y="{y - 7:.1f}" text-anchor="middle">{_short(value)}</text>'
        for (x, y), (_, value) in zip(placed, line, strict=True)
    )
    ticks = "".join(
        f'<text class="small" x="{x:.1f}" y="{base + 14}" text-anchor="middle">{_short(value)}</text>'
        for (x, _), (value, _) in zip(placed, line, strict=True)
    )
    way = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
    return (
        f'<text x="{_PAD}" y="18">{escape(metric)}</text><polyline points="{way}"/>{marks}{values}{ticks}'
        f'<line class="axis" x1="{_PAD}" x2="{_PANEL - _PAD}" y1="{base}" y2="{base}"/>'
        f'<text class="small" x="{_PANEL / 2}" y="{base + 30}" text-anchor="middle">{escape(axis)}</text>'
    )


def _share(value: float, of: Sequence[float]) -> float:
    """Return where a value stands between the least and the most, on a scale of at least one decade."""
    least = log10(min(of))
    return (log10(value) - least) / max(log10(max(of)) - least, 1.0)


def _short(value: float) -> str:
    for unit, name in ((1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{value / unit:.3g}{name}"
    return f"{value:.3g}"
