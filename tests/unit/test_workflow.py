"""The workflow for GitHub: valid by its schema, safe by zizmor, pinned, bounded, and without any right to publish."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.service import ROOT

WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"
JOBS: dict[str, Any] = yaml.safe_load(WORKFLOW.read_text())["jobs"]
BIN = Path(sys.executable).parent


@pytest.mark.parametrize(
    "check",
    [
        [BIN / "check-jsonschema", "--builtin-schema", "vendor.github-workflows"],
        [BIN / "check-jsonschema", "--builtin-schema", "custom.github-workflows-require-timeout"],
        [BIN / "zizmor", "--offline", "--persona", "auditor"],
    ],
    ids=["schema", "timeouts", "zizmor"],
)
def test_it_passes(check: list[str | Path]) -> None:
    done = subprocess.run([*check, WORKFLOW], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_action_is_pinned_by_its_commit() -> None:
    used = [step["uses"] for job in JOBS.values() for step in job["steps"] if "uses" in step]
    assert used
    assert [name for name in used if not re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", name)] == []


def test_it_may_only_read_and_is_told_no_secret() -> None:
    text = WORKFLOW.read_text()
    assert "permissions: {}" in text
    assert all(job["permissions"] == {"contents": "read"} for job in JOBS.values())
    assert "secrets." not in text
    assert not re.search(r"\b(push|login|publish|upload)\b", " ".join(str(job["steps"]) for job in JOBS.values()))


def test_it_runs_what_anybody_runs() -> None:
    verbs = set(re.findall(r"^([a-z0-9-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    run = [step["run"] for job in JOBS.values() for step in job["steps"] if "run" in step]
    made = {line.removeprefix("make ") for line in run if line.startswith("make ")}
    assert {"lint", "test", "test-e2e", "test-compose", "test-clock"} <= made <= verbs


def test_every_week_the_tests_run_by_the_clock_of_other_days() -> None:
    workflow = yaml.safe_load(WORKFLOW.read_text())
    [schedule] = workflow[True]["schedule"]  # `on`, which YAML 1.1 reads as a boolean
    assert schedule["cron"].split()[2:4] == ["*", "*"]
    assert schedule["cron"].split()[4] != "*"
    [job] = [job for job in JOBS.values() if {"run": "make test-clock"} in job["steps"]]
    assert "github.event_name == 'schedule'" in job["if"]
