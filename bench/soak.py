"""`python -m bench.soak --submissions 20000 --seed 1`: the kill test at full size (`tests/support/ledger_soak.py`)."""

from __future__ import annotations

import sys

from bench.contestants import run_support

if __name__ == "__main__":
    sys.exit(run_support("support.ledger_soak"))
