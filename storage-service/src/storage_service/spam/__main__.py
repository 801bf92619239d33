"""`python -m storage_service.spam` trains a model for the process that began it: see `child`."""

from __future__ import annotations

import sys

from storage_service.spam.process import run

sys.exit(run())
