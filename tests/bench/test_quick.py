"""`make bench ARGS=--quick`: every row of the table runs. Half a minute to some minutes, so not in `make test`:

.venv/bin/python -m pytest tests/bench
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bench.claims import CLAIMS
from bench.rows import ROWS

ROOT = Path(__file__).parents[2]


def test_every_row_runs_and_stands_in_the_table() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--quick"], cwd=ROOT, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr
    for claim in CLAIMS:
        assert f"{claim.ours}, {claim.metric}" in done.stdout
        assert claim.peer is None or claim.peer in done.stdout
    for name in ROWS:
        assert f"{name}, round 1 of 1" in done.stderr
