"""One stack for all tests here. Without an engine they fail, they are not skipped: `make test-compose` asks for one."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.compose_files import ROOT
from support.compose_stack import Stack, engine_problem


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The compose files, started as README.md says, and removed with their data at the end."""
    problem = engine_problem()
    assert problem is None, problem
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # the containers' user reads it
        shutil.copy(ROOT / "forms.example.toml", Path(folder, "forms.toml"))
        stack = Stack(forms=Path(folder))
        stack.down(volumes=True)
        try:
            stack.up()
            yield stack
        finally:
            print(stack.compose("logs", "--no-color", "--tail", "60"))
            stack.down(volumes=True)
