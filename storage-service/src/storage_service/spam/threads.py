"""Keeps numpy to one thread: where others need the cores, its threads turn while they wait for each other.

What takes two seconds of one core took minutes of two that others needed, too.
"""

from __future__ import annotations

import os

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def keep_to_one() -> None:
    """Set it for this process, before numpy is imported."""
    os.environ.update(ONE_THREAD)
