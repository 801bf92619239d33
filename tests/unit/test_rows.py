"""`make test-faults` runs every row of the table of faults, which no other verb does."""

from __future__ import annotations

import re
import subprocess

from support.service import ROOT

ROWS = {*range(1, 25), *range(27, 32)}
"""All but 25, the mix of them: that is `make soak`. 27 to 30 are about files, 31 is a broker's full disk."""


def test_every_row_of_the_table_of_faults_is_run() -> None:
    only_list = ("PREPARE=true", "UNDER_LOAD=", "ARGS=--collect-only --quiet")
    listed = subprocess.run(["make", "--silent", "test-faults", *only_list], cwd=ROOT, capture_output=True, text=True)
    assert listed.returncode == 0, listed.stdout + listed.stderr
    assert {int(number) for number in re.findall(r"::test_row_(\d+)_", listed.stdout)} == ROWS
    assert "tests/faults/cluster/" in listed.stdout
