"""`python -m bench.growth [CURVE …]` measures how cost grows, in a quarter of an hour; `--quick` takes two points each.

Every point is measured as often as `--rounds` says, one point after the other and again, and its median counts.
Writes `tools/bench/results/growth-<curve>.json` and a drawing beside it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bench.figures import Figures, summary
from bench.growth import Curve
from bench.growth.drawing import draw
from bench.growth.keeping import by_rows
from bench.growth.posting import by_connections, by_fields, by_size
from bench.growth.waiting import by_backlog, by_replicas
from bench.machine import machine
from bench.progress import Progress
from bench.report import RESULTS
from bench.rounds import BenchFailed, Subject, alternate
from bench.scale import QUICK, Scale
from bench.world import World
from dev.processes import StartFailed
from shared import logs

CURVES: Mapping[str, Curve] = {
    "size": Curve("the size of a submission", "bytes", (200, 1_000, 10_000, 50_000, 100_000), (200, 10_000), by_size),
    "fields": Curve("the fields of a submission", "fields", (1, 3, 10, 30, 100), (1, 30), by_fields),
    "connections": Curve("connections", "connections", (1, 8, 64, 256, 1_000), (1, 64), by_connections),
    "backlog": Curve("the backlog", "messages", (0, 1_000, 10_000, 100_000, 1_000_000), (0, 5_000), by_backlog),
    "rows": Curve("the rows of the table", "rows", (0, 10_000, 100_000, 1_000_000, 5_000_000), (0, 20_000), by_rows),
    "replicas": Curve("replicas", "replicas or workers", (1, 2, 3, 4), (1, 2), by_replicas),
}
"""Rows only grow, so that a second round finds them all there: that curve has one round."""

POINT_S = 11
ONE_ROUND = frozenset({"rows"})


def main() -> int:
    """Measure and write; 1 where something could not be measured."""
    given = _arguments()
    logs.configure("bench", level="error", format="auto")
    scale = QUICK if given.quick else replace(Scale(), load_s=5, events=20_000, rounds=given.rounds)
    names = given.curves or list(CURVES)
    points = sum(len(CURVES[name].points) for name in names)
    progress = Progress(120 if given.quick else POINT_S * points * scale.rounds)
    try:
        with tempfile.TemporaryDirectory(prefix="counterfoil-bench-") as place:
            Path(place).chmod(0o755)  # PostgreSQL runs as another user where we are root
            with World(Path(place), scale) as world:
                for name in names:
                    found = _measure(world, name, progress, quick=given.quick)
                    if not given.quick:
                        _write(name, found)
    except (BenchFailed, StartFailed, subprocess.SubprocessError) as error:
        print(f"\nbench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    progress.over()
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("curves", nargs="*", choices=[*CURVES, []], metavar="CURVE", help=", ".join(CURVES))
    parser.add_argument("--rounds", type=int, default=3, help="how often each point is measured (3)")
    parser.add_argument("--quick", action="store_true", help="two points of each, nothing written")
    return parser.parse_args()


def _measure(world: World, name: str, progress: Progress, *, quick: bool) -> Figures:
    curve = CURVES[name]
    with curve.measuring(world) as measure:
        points = curve.quick if quick else curve.points
        subjects = [Subject(str(point), partial(measure, point)) for point in points]
        rounds = 1 if name in ONE_ROUND else world.scale.rounds
        return alternate(name, subjects, rounds, world.queues.empty, progress)


def _write(name: str, figures: Figures) -> None:
    """Write a curve and its drawing."""
    curve = CURVES[name]
    points = [(point, _medians(figures, point)) for point in curve.points]
    document = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "over": curve.what,
        "axis": curve.axis,
        "figures": figures.to_json(),
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"growth-{name}.json"
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    path.with_suffix(".svg").write_text(draw(curve.axis, points))
    print(f"written to {path.relative_to(Path.cwd())} and {path.with_suffix('.svg').name}")


def _medians(figures: Figures, point: int) -> dict[str, float]:
    return {metric: summary(rounds).median for metric, rounds in figures.of(str(point)).items()}


if __name__ == "__main__":
    sys.exit(main())
