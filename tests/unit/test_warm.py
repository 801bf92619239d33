"""A fork of what has imported all is, for a test, what a fresh process would be."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from support.warm import WarmProcess, run_warm


@pytest.mark.parametrize(("said", "code", "printed"), [("[1]", 0, "[1]\n"), ("[", 1, "")])
def test_it_reads_what_it_is_told_prints_and_ends(tmp_path: Path, said: str, code: int, printed: str) -> None:
    arguments = ["--no-indent"]
    done = run_warm("json.tool", arguments, environment=os.environ, folder=tmp_path, timeout_s=30, said=said)
    assert (done.returncode, done.stdout, bool(done.stderr)) == (code, printed, bool(code))


def test_it_has_an_environment_a_folder_and_a_session_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "looks.py").write_text("import os; print(sorted(os.environ), os.getcwd(), os.getsid(0) == os.getpid())")
    told = ["-c", "continue", "-c", "quit", "looks.py"]
    done = run_warm("pdb", told, environment={"A": "1"}, folder=tmp_path, timeout_s=30)
    assert f"['A'] {tmp_path} True\n" in done.stdout


def test_it_may_be_waited_for_and_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = WarmProcess(
        "http.server", ["0", "--bind", "127.0.0.1"], environment={}, folder=tmp_path, printed=[log, log]
    )
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.2)
    assert process.poll() is None
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait(30) == process.poll() == -signal.SIGKILL
