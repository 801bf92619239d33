"""Makes sleeping work in Python under libfaketime; PYTHONPATH loads it.

libfaketime 0.9.10, which Debian 12 has, takes the fake clock's offset from the monotonic deadline
that `time.sleep` gives (its issue 426), so that Python 3.11 and newer say `OSError: Invalid argument`.
"""

from __future__ import annotations

import select
import time
from typing import SupportsIndex


def _sleep(seconds: float | SupportsIndex, /) -> None:
    select.select((), (), (), float(seconds))


try:
    time.sleep(1e-9)
except OSError:
    time.sleep = _sleep
