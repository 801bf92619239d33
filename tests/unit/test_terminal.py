"""What the command lines have in common."""

from __future__ import annotations

import os
import subprocess
import sys

SAYING = "import sys; from shared.terminal import say; say('one'); say('two'); sys.stderr.write('done')"


def test_a_command_goes_on_when_nobody_reads_what_it_says() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [sys.executable, "-c", SAYING], stdout=writing, stderr=subprocess.PIPE, timeout=60, check=True
    )
    os.close(writing)
    assert ended.stderr == b"done"
