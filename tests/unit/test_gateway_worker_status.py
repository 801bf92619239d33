"""What the workers of one gateway tell, put together."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from gateway.server.worker_status import SILENT_AFTER_S, WorkersHealth

US, OTHER = os.getpid(), os.getppid()
"""Two processes that live."""


def tell(
    directory: Path, pid: int, *, ago_s: float = 0.0, stuck: Sequence[str] = (), missing: Sequence[str] = ()
) -> None:
    told = {"at_s": time.monotonic() - ago_s, "stuck": stuck, "missing": missing}
    (directory / f"status-{pid}.json").write_text(json.dumps(told))


def test_before_the_first_worker_it_lives_and_is_not_ready(tmp_path: Path) -> None:
    assert WorkersHealth(tmp_path).live().ok
    ready = WorkersHealth(tmp_path).ready()
    assert (ready.ok, ready.problems) == (False, ("no worker has started yet",))


def test_one_worker_that_can_confirm_is_enough_and_the_others_are_named(tmp_path: Path) -> None:
    tell(tmp_path, US, missing=["broker: away"])
    assert not WorkersHealth(tmp_path).ready().ok
    tell(tmp_path, OTHER)
    ready = WorkersHealth(tmp_path).ready()
    assert (ready.ok, ready.problems) == (True, (f"worker {US}: broker: away",))


def test_one_stuck_worker_is_reason_enough_to_restart(tmp_path: Path) -> None:
    tell(tmp_path, OTHER)
    tell(tmp_path, US, ago_s=SILENT_AFTER_S - 5)
    assert WorkersHealth(tmp_path).live().ok
    tell(tmp_path, US, stuck=["gateway publisher: its thread has not turned for 130 s"])
    assert not WorkersHealth(tmp_path).live().ok
    tell(tmp_path, US, ago_s=SILENT_AFTER_S + 5)
    assert WorkersHealth(tmp_path).live().problems == (f"worker {US}: silent for 20 s",)


def test_a_dead_worker_counts_for_nothing_and_takes_its_gauges_along(tmp_path: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    tell(tmp_path, gone.pid, ago_s=SILENT_AFTER_S + 5)
    gauge, counter = tmp_path / f"gauge_livesum_{gone.pid}.db", tmp_path / f"counter_{gone.pid}.db"
    gauge.touch()
    counter.touch()
    assert WorkersHealth(tmp_path).live().ok
    assert not gauge.exists()
    assert counter.exists()
