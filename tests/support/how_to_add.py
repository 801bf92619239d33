"""Carries out the steps of `docs/how-to-add.md` in a copy of the code, and runs tests with that copy."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from support.service import ROOT

PAGE = ROOT / "docs" / "how-to-add.md"
SOURCES = ("shared/src", "gateway/src", "storage-service/src", "notify-service/src")

_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
_STEP = re.compile(r"^\*\*\d+\. `([^`]+)`\*\*.*?^```(python|diff)\n(.*?)^```", re.MULTILINE | re.DOTALL)


class DoesNotFit(Exception):
    """A step's file is not as the page says."""


@dataclass(frozen=True, slots=True)
class Step:
    """One file of a walk: the whole of a new one, or the lines that change, as in a diff."""

    path: str
    is_new: bool
    text: str

    def carry_out(self, top: Path) -> None:
        """Write the file, below `top`; raises `DoesNotFit`."""
        path = top / self.path
        if self.is_new:
            if path.exists() or not path.parent.is_dir():
                raise DoesNotFit(f"{self.path}: expected a new file in a folder that is there")
            path.write_text(self.text)
        else:
            path.write_text(self._changed(path.read_text()))

    def _changed(self, text: str) -> str:
        for part in self.text.split("@@\n"):
            before, after = _side(part, "-"), _side(part, "+")
            if text.count(f"\n{before}") != 1:
                raise DoesNotFit(f"{self.path}: expected these lines once:\n{before}")
            text = text.replace(f"\n{before}", f"\n{after}")
        return text


def _side(diff: str, sign: str) -> str:
    """Return the lines of a diff that stand on one side: those that stay, and those with this sign."""
    return "".join(line[1:] for line in diff.splitlines(keepends=True) if line[0] in (" ", sign))


def walks() -> dict[str, list[Step]]:
    """Return the steps of each section of the page, by its heading."""
    parts = _HEADING.split(PAGE.read_text())[1:]
    sections = zip(parts[::2], parts[1::2], strict=True)
    return {heading: [_step(*found) for found in _STEP.findall(body)] for heading, body in sections}


def _step(path: str, language: str, text: str) -> Step:
    return Step(path, language == "python", text)


def copied_code(top: Path) -> Path:
    """Copy the code of all packages below `top`, and return it."""
    for source in SOURCES:
        shutil.copytree(ROOT / source, top / source, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", top)
    return top


def run(top: Path, *command: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a Python module in a process that imports the code below `top`."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    found = [str(top / source) for source in SOURCES]
    path = os.pathsep.join([*found, *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=cwd,
        env={**inherited, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
