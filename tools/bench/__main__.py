"""`python -m bench [ROW …]` measures the claims beside their peers, prints a table, and keeps it in `results`.

Everything listens on loopback. Load generator, servers, broker and database share this machine's cores, so only the
ratios within one run mean anything. All rows take about forty minutes; `--quick` three, to see that they
work. `python -m bench.growth` measures how cost grows; `python -m bench.plan` is the plan past one machine.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.claims import CLAIMS, judge
from bench.figures import Figures
from bench.machine import machine
from bench.progress import Progress
from bench.report import Report
from bench.rounds import BenchFailed, alternate
from bench.rows import ROWS
from bench.scale import Scale, scaled
from bench.world import World
from dev.processes import StartFailed
from shared import logs


def main() -> int:
    """Measure and report; 1 where something could not be measured."""
    given = _arguments()
    logs.configure("bench", level="error", format="auto")
    scale = scaled(quick=given.quick, rounds=given.rounds, backlog=given.backlog, rows=given.submissions)
    names = given.rows or list(ROWS)
    figures, failed = Figures(), list[str]()
    try:
        _measure(names, scale, figures, failed, quick=given.quick)
    except (BenchFailed, StartFailed, subprocess.SubprocessError) as error:
        print(f"\nbench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    verdicts = [found for claim in CLAIMS if claim.row in names and (found := judge(claim, figures))]
    report = Report(machine(), scale, figures, verdicts)
    report.print()
    if not given.quick:
        print(f"written to {' and '.join(str(path.relative_to(Path.cwd())) for path in report.write(given.rows))}")
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "rows", nargs="*", choices=[*ROWS, []], metavar="ROW", help=f"{', '.join(ROWS)}; all by default"
    )
    parser.add_argument("--rounds", type=int, help="how often each is measured (3)")
    parser.add_argument("--backlog", type=int, help="how many messages wait where memory is measured (1,000,000)")
    parser.add_argument("--submissions", type=int, help="how many lists and exports go through (1,000,000)")
    parser.add_argument("--quick", action="store_true", help="one short round of each, nothing written")
    return parser.parse_args()


def _measure(names: list[str], scale: Scale, figures: Figures, failed: list[str], *, quick: bool) -> None:
    """Measure each row. What one that fails had is not taken; the others' figures are kept, and it is named."""
    progress = Progress(90 if quick else sum(ROWS[name].expected_s for name in names))
    with tempfile.TemporaryDirectory(prefix="counterfoil-bench-") as place:
        directory = Path(place)
        directory.chmod(0o755)  # PostgreSQL runs as another user where we are root
        with World(directory, scale) as world:
            for name in names:
                row = ROWS[name]
                rounds = min(scale.rounds, row.rounds_most or scale.rounds)
                try:
                    with row.subjects(world) as subjects:
                        figures.update(alternate(name, subjects, rounds, world.queues.empty, progress))
                except Exception as error:  # noqa: BLE001 - an hour of other rows must not be lost by this one
                    print(f"\nbench: the row {name} failed: {type(error).__name__}: {error}", file=sys.stderr)
                    failed.append(name)
    progress.over()


if __name__ == "__main__":
    sys.exit(main())
