"""Measures what the spam model catches and loses on a public corpus, beside two other ways to learn one."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from bench.claims import SPAM_WAYS, spam_by
from bench.program import ROOT, Program
from bench.report import RESULTS
from bench.rounds import Subject
from bench.spam.corpus import corpus
from bench.spam.drawing import draw
from bench.world import World

_LABELS = {"500": 500, "all": 0}
_KEPT = ("curve", "counts", "labels")
DRAWING, FIGURES = ROOT / "docs" / "spam-curve.svg", RESULTS / "spam.json"


@contextmanager
def spam(world: World) -> Iterator[list[Subject]]:
    """Yield each way with 500 labels and with all of them; at the end the curve is drawn for docs/spam.md."""
    corpus()  # fetched here, and not while something is measured
    found: dict[str, dict[str, Any]] = {}
    yield [
        Subject(spam_by(way, said), partial(_measured, way, said, count, found))
        for said, count in _LABELS.items()
        for way in SPAM_WAYS
    ]
    if not world.scale.is_quick:
        _keep(found)


def _measured(way: str, said: str, count: int, found: dict[str, dict[str, Any]]) -> Mapping[str, float]:
    program = Program(f"spam {way}", (sys.executable, "-m", "bench.spam.measuring"))
    measured: dict[str, Any] = json.loads(program.run(way, str(count)))
    found.setdefault(said, {})[SPAM_WAYS[way]] = measured
    return {name: value for name, value in measured.items() if name not in _KEPT}


def _keep(found: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the drawing for the docs, and all figures beside the other results."""
    FIGURES.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    panels = {
        f"{next(iter(ways.values()))['labels']:,} labels": {
            way: (one["curve"], (one["loss %"], one["catch %"])) for way, one in ways.items()
        }
        for ways in found.values()
    }
    DRAWING.write_text(draw(panels))
