"""The environment that `make` makes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from support.service import ROOT, clean_environment

OURS = {"counterfoil", "counterfoil-shared", "counterfoil-gateway", "counterfoil-ledger"}
OURS |= {"counterfoil-storage-service", "counterfoil-notify-service"}
PINS = ("constraints.txt", "tools/dev/client-requirements.txt", "tools/bench/requirements.txt")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_it_holds_what_is_pinned_and_nothing_else() -> None:
    """Neither the pip nor the setuptools that Python brings: both have known weaknesses."""
    pinned = {
        (found[1], found[2])
        for file in PINS
        for found in re.finditer(r"^([a-z0-9-]+)==([^ ]+)", (ROOT / file).read_text(), re.MULTILINE)
    }
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "list", "--format=freeze"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    installed = {(normal(name), version) for name, _, version in (line.partition("==") for line in listed)}
    assert {one for one in installed - pinned if one[0] not in OURS} == set()


def test_what_the_documents_run_by_its_python_is_found_from_anywhere(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import bench.plan, dev.run, counterfoil_ledger"]
    done = subprocess.run(command, cwd=tmp_path, env=clean_environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
