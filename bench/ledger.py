"""`python -m bench.ledger`: the ledger against any installation; see `tests/support/ledger_command.py`."""

from __future__ import annotations

import sys

from bench.contestants import run_support

if __name__ == "__main__":
    sys.exit(run_support("support.ledger_command"))
