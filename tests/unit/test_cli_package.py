"""`pip install ./tools/cli` brings a command that needs nothing of the services."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import click

from support.pace import stretched_s
from support.service import ROOT

CLI = ROOT / "tools" / "cli"
LIBRARIES = Path(click.__file__).parents[1]
PROGRAM = """
import sys
sys.path[:0] = [{target!r}, {libraries!r}]
for ours in ("shared", "gateway", "storage_service", "counterfoil_ledger"):
    try:
        __import__(ours)
    except ImportError:
        continue
    raise SystemExit(f"{{ours}} is here: the test proves nothing")
from counterfoil_cli.__main__ import run
sys.argv = ["counterfoil", "inbox", "--help"]
run()
"""


def test_it_is_installed_and_runs_without_anything_of_ours(tmp_path: Path) -> None:
    target = tmp_path / "target"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps"]
    subprocess.run(
        [*pip, "--no-build-isolation", "--target", target, CLI], check=True, timeout=stretched_s(120), cwd=tmp_path
    )
    assert (target / "bin" / "counterfoil").exists()
    text = PROGRAM.format(target=str(target), libraries=str(LIBRARIES))
    # -S leaves out the files that make our own packages importable where they are developed
    done = subprocess.run(
        [sys.executable, "-S", "-c", text], capture_output=True, text=True, timeout=stretched_s(60), cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "List what came in" in done.stdout


def test_its_list_of_libraries_is_short_and_each_is_used() -> None:
    wanted = tomllib.loads((CLI / "pyproject.toml").read_text())["project"]["dependencies"]
    names = {one.partition(">")[0] for one in wanted}
    code = "\n".join(path.read_text() for path in CLI.rglob("*.py"))
    assert names == {"click", "requests", "rich"}
    assert all(f"import {name}" in code or f"from {name}" in code for name in names)
