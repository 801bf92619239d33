"""Every row of the table and every curve runs, small. Some minutes, so not in `make test`:

.venv/bin/python -m pytest tests/bench
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bench.claims import CLAIMS
from bench.growth.__main__ import CURVES
from bench.rows import ROWS

ROOT = Path(__file__).parents[2]


def quick(module: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, "--quick"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    return done


def test_every_row_runs_and_stands_in_the_table() -> None:
    done = quick("bench")
    for claim in CLAIMS:
        assert f"{claim.ours}, {claim.metric}" in done.stdout
        assert claim.peer is None or claim.peer in done.stdout
    for name in ROWS:
        assert f"{name}, round 1 of 1" in done.stderr


def test_every_curve_runs_at_two_points() -> None:
    done = quick("bench.growth")
    for name, curve in CURVES.items():
        for point in curve.quick:
            assert f"{name}, round 1 of 1: {point}:" in done.stderr
