"""Draws charts as SVG: bars for a run, lines for growth. A library for it would bring 60 MB."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from bench.claims import Verdict, goal_of

_WIDTH, _LEFT, _LINE, _BAR = 860, 400, 30, 18
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#222}.small{font-size:11px;fill:#666}"
    ".ours{fill:#2b6cb0}.spread{stroke:#1a365d;stroke-width:2}.goal{stroke:#c53030;stroke-width:2;stroke-dasharray:4 3}"
)


def bars(verdicts: Sequence[Verdict]) -> str:
    """Return a drawing of how far each claim is on its way to its goal: a bar for the median, a line for the spread.

    The dashed line is the goal; a claim without one is drawn against 1. Where less is better the bar ends before it.
    """
    shown = [verdict for verdict in verdicts if verdict.beside]
    height = _LINE * len(shown) + 2 * _LINE
    goal_x = _LEFT + (_WIDTH - _LEFT) / 2
    parts = [_bar(verdict, _LINE * (number + 1), goal_x) for number, verdict in enumerate(shown)]
    line = f'<line class="goal" x1="{goal_x:.0f}" x2="{goal_x:.0f}" y1="{_LINE - 8}" y2="{height - _LINE}"/>'
    words = (
        f'<text class="small" x="{goal_x + 6:.0f}" y="{height - 10}">the goal; without one, as much as the other</text>'
    )
    return svg(_WIDTH, height, [*parts, line, words])


def svg(width: int, height: int, parts: Sequence[str], style: str = _STYLE) -> str:
    """Return a whole drawing."""
    frame = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    back = f'<rect width="{width}" height="{height}" fill="#fff"/>'
    return "\n".join([f"<svg {frame}>", f"<style>{style}</style>", back, *parts, "</svg>", ""])


def _bar(verdict: Verdict, y: int, goal_x: float) -> str:
    claim, ratio = verdict.claim, verdict.judged
    goal = claim.least or claim.most or 1.0
    unit = goal_x - _LEFT

    def x(value: float) -> float:
        return min(_LEFT + unit * value / goal, _WIDTH - 70)

    said = escape(f"{ratio.median:.2f} x, {goal_of(claim)}" if goal_of(claim) else f"{ratio.median:.2f} x")
    label = f"{claim.ours}, {claim.metric} / {claim.peer}"
    middle = y + _BAR / 2
    return "".join(
        [
            f'<text x="8" y="{y + 14}">{escape(label)}</text>',
            f'<rect class="ours" x="{_LEFT}" y="{y}" width="{x(ratio.median) - _LEFT:.1f}" height="{_BAR}"/>',
            f'<line class="spread" x1="{x(ratio.least):.1f}" x2="{x(ratio.most):.1f}" y1="{middle}" y2="{middle}"/>',
            f'<text class="small" x="{x(ratio.most) + 6:.1f}" y="{y + 13}">{said}</text>',
        ]
    )
