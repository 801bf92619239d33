"""What is stopped of a process that died; see `support.left_behind`."""

from __future__ import annotations

import os
import subprocess
import sys

from support.left_behind import kill_what_has

SLEEPS = [sys.executable, "-c", "import time; time.sleep(600)"]


def test_what_was_started_with_all_of_it_is_killed_and_nothing_else() -> None:
    of_one = {"COUNTERFOIL_TEST_RUN": f"run-{os.getpid()}", "COUNTERFOIL_TEST_WORKER": "one"}
    of_another = of_one | {"COUNTERFOIL_TEST_WORKER": "another"}
    started = [subprocess.Popen(SLEEPS, env=os.environ | own, start_new_session=True) for own in (of_one, of_another)]
    try:
        assert kill_what_has(of_one) == 1
        assert started[0].wait(10) == -9
        assert started[1].poll() is None
    finally:
        assert kill_what_has(of_another) == 1
        started[1].wait(10)
    assert kill_what_has(of_one) == 0
