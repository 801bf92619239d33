"""What the command lines have in common."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from shared.terminal import Later, usage
from support.pace import stretched_s

SAYING = "import sys; from shared.terminal import say; say('one'); say('two'); sys.stderr.write('done')"


def test_a_command_goes_on_when_nobody_reads_what_it_says() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [sys.executable, "-c", SAYING], stdout=writing, stderr=subprocess.PIPE, timeout=stretched_s(60), check=True
    )
    os.close(writing)
    assert ended.stderr == b"done"


@pytest.mark.parametrize(
    ("program", "command", "others"),
    [
        ("storage_service", "run", ["flask", "webauthn", "joserfc", "alembic"]),
        ("storage_service", "user", ["flask", "webauthn", "joserfc", "alembic"]),
        ("storage_service", "migrate", ["flask", "webauthn", "joserfc"]),
        ("notify_service", "run", ["alembic"]),
        ("notify_service", "migrate", ["dns"]),
    ],
)
def test_a_command_loads_nothing_that_only_others_need(program: str, command: str, others: list[str]) -> None:
    asked = f"import sys; from {program}.__main__ import COMMANDS; COMMANDS[{command!r}].command(); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, timeout=stretched_s(60), check=True
    )
    assert not set(others) & set(loaded.stdout.split())


def test_a_command_is_listed_by_what_its_own_text_says() -> None:
    assert "  say  Write what was asked for, until" in usage("program", {"say": Later("shared.terminal", "say")})
