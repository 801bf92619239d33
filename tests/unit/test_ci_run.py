"""What `.ci/run` takes for green, with a `make` that only says what it was asked for."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

MAKE = """#!/bin/sh
echo "$*" >>asked
mkdir -p .pytest_cache/v/cache .pytest_cache/v/counterfoil
case "$*" in "$FAILS"|"$FAILS_AGAIN") ;; *) exit 0;; esac
printf '%s' "$FAILED" >.pytest_cache/v/cache/lastfailed
[ -z "$STATUS" ] || echo "$STATUS" >.pytest_cache/v/counterfoil/exit_status
exit 2
"""
AGAIN = " ARGS=--last-failed --last-failed-no-failures=none --numprocesses=0"


class Ran:
    """Runs a copy of `.ci/run` in which the verb `fails` fails, and `fails_again` after it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory / "project"
        programs = directory / "programs"
        (self._directory / ".ci").mkdir(parents=True)
        programs.mkdir()
        shutil.copy(ROOT / ".ci" / "run", self._directory / ".ci")
        for name, script in {"make": MAKE, "docker": "#!/bin/sh\nexit 1\n"}.items():
            (programs / name).write_text(script, encoding="utf-8")
            (programs / name).chmod(0o755)
        self._path = f"{programs}:{os.environ['PATH']}"

    def __call__(
        self, fails: str, failed: int = 1, status: str = "1", fails_again: str = "-"
    ) -> tuple[int, list[str], str]:
        lines = ",\n".join(f'  "tests/unit/test_a.py::test_{number}": true' for number in range(failed))
        facts = {"FAILS": fails, "FAILS_AGAIN": fails_again, "FAILED": f"{{\n{lines}\n}}", "STATUS": status}
        done = subprocess.run(
            [self._directory / ".ci" / "run"], env={"PATH": self._path, **facts}, capture_output=True, text=True
        )
        return done.returncode, (self._directory / "asked").read_text().splitlines(), done.stdout


@pytest.fixture
def run(tmp_path: Path) -> Ran:
    return Ran(tmp_path)


def test_what_passes_is_looked_at_once(run: Ran) -> None:
    code, asked, said = run("-")
    assert (code, asked) == (0, ["test", "test-e2e", "test-kills"])
    assert "unsteady" not in said


@pytest.mark.parametrize("verb", ["test", "test-e2e"])
def test_a_few_that_failed_are_looked_at_alone_and_named(run: Ran, verb: str) -> None:
    code, asked, said = run(verb, failed=3)
    assert (code, asked.count(verb + AGAIN), asked[-1]) == (0, 1, "test-kills")
    assert said.endswith("".join(f"  tests/unit/test_a.py::test_{number}\n" for number in range(3)))
    assert "unsteady" in said


@pytest.mark.parametrize("failed", [4, 0])
def test_many_or_none_are_red_at_once(run: Ran, failed: int) -> None:
    assert run("test", failed=failed)[:2] == (2, ["test"])


@pytest.mark.parametrize("status", ["2", "3", ""])
def test_a_run_that_broke_off_is_red_at_once(run: Ran, status: str) -> None:
    assert run("test", status=status)[:2] == (2, ["test"])


def test_what_fails_again_is_red(run: Ran) -> None:
    code, asked, said = run("test", fails_again="test" + AGAIN)
    assert (code, asked) == (2, ["test", "test" + AGAIN])
    assert "failed: " in said
    assert "unsteady" not in said


def test_of_what_kills_parts_one_alone_is_looked_at_again(run: Ran) -> None:
    assert run("test-kills")[:2] == (0, ["test", "test-e2e", "test-kills", "test-kills" + AGAIN])
    assert run("test-kills", failed=2)[0] == 2
