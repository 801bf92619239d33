"""What `make run` starts, once the machine is prepared: from the first start to the terminal that closes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from dev.mail_sink import mails, read_mail
from dev.processes import descendants, free_port, is_alive
from support.pace import stretched_s
from support.polling import eventually
from support.runner import Runner
from support.service import ROOT, clean_environment

ADA = {"name": "Ada Lovelace", "email": "ada@example.org"}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "run"


@pytest.fixture
def runners() -> Iterator[list[Runner]]:
    started: list[Runner] = []
    yield started
    for runner in started:
        runner.end()


def test_parts_are_killed_then_all_of_it_and_nothing_is_lost(directory: Path, runners: list[Runner]) -> None:
    port = free_port()
    first = Runner(directory, port)
    runners.append(first)
    first.await_ready()
    key = re.findall(r"cf_\S+", first.output)[0]
    accepted = [submit(first.url)]
    eventually(lambda: len(mailboxes(directory)) == 2, 30, "the mails are in the sink")
    assert mailboxes(directory) == ["ada@example.org", "owner@example.org"]
    assert {path.stat().st_mode & 0o077 for path in (directory, *directory.rglob("*"))} == {0}

    for module in ("storage_service console", "gateway", "dev.mail_sink", "storage_service"):
        os.kill(first.pid_of(module), signal.SIGKILL)
    os.kill(int((directory / "rabbitmq" / "pids").read_text().split()[0]), signal.SIGKILL)
    said = [f"{name} was killed by SIGKILL" for name in ("storage", "console", "gateway", "mail", "RabbitMQ")]
    eventually(lambda: all(line in first.output for line in said), 30, "it says what was killed")
    accepted.append(eventually(lambda: submit(first.url), 60, "it accepts again"))
    eventually(lambda: len(mailboxes(directory)) >= 4, 60, "the second mails are in the sink")

    left = descendants(first.process.pid)
    first.process.kill()
    first.process.wait()
    assert any(map(is_alive, left)), "nothing is left of it; else this test shows nothing"

    second = Runner(directory, port)
    runners.append(second)
    second.await_ready()
    assert_gone(left)
    assert "cf_" not in second.output, "the key is shown at the first start only"
    kept = eventually(lambda: submissions(second.url, key), 30, "the console answers")
    assert {each["id"] for each in kept} >= set(accepted)
    assert submissions(second.url, made_key(directory, "NAME=reports", "SCOPES=read")) == kept
    assert with_settings_of(directory, "storage", "-m storage_service parked replay --all") == "0 replayed\n"
    backup = backed_up(directory, "make")
    assert backup.returncode == 0, backup.stderr
    assert "Nothing waits in the broker" in backup.stdout
    assert "runs already" in backed_up(directory, "restore").stderr

    processes = descendants(second.process.pid)
    os.kill(second.pid_of("storage_service"), signal.SIGSTOP)
    second.process.send_signal(signal.SIGINT)
    eventually(lambda: "Stopping" in second.output, 10, "it says that it is stopping")
    second.process.send_signal(signal.SIGINT)
    assert second.process.wait(10) == 130
    assert_gone(processes)
    assert f"Restored {len(kept)} submissions" in backed_up(directory, "restore").stdout


def test_ctrl_c_while_it_starts_leaves_no_process(directory: Path, runners: list[Runner]) -> None:
    runner = Runner(directory, free_port())
    runners.append(runner)
    eventually(lambda: "Starting RabbitMQ" in runner.output, 30, "it starts the broker")
    eventually(lambda: len(descendants(runner.process.pid)) >= 2, 30, "the broker has processes")
    processes = descendants(runner.process.pid)

    runner.process.send_signal(signal.SIGINT)

    assert runner.process.wait(60) == 0
    assert_gone(processes)


def test_wrong_forms_are_found_before_anything_is_started_and_said_once(tmp_path: Path, directory: Path) -> None:
    forms = tmp_path / "forms.toml"
    forms.write_text("[forms.a]\ntitel = 'A'\n[forms.b]\nunknown = 3\n", encoding="utf-8")
    settings = clean_environment() | {"COUNTERFOIL_FORMS": str(forms), "PORT": str(free_port())}
    command = [sys.executable, "-m", "dev.run", "--directory", str(directory)]
    ended = subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, timeout=stretched_s(30))
    assert ended.returncode == 1
    assert ended.stdout == ""
    first, second = [line for line in ended.stderr.splitlines() if line.startswith(str(forms))]
    assert first.startswith(f"{forms}:2: forms.a.titel: there is no such key")
    assert second.startswith(f"{forms}:4: forms.b.unknown: ")
    assert not directory.exists(), "nothing was started"


def test_a_second_one_in_the_same_directory_is_refused(directory: Path, runners: list[Runner]) -> None:
    runners.append(Runner(directory, free_port()))
    eventually(lambda: "Starting RabbitMQ" in runners[0].output, 30, "the first one starts")

    runners.append(Runner(directory, free_port()))

    assert runners[1].process.wait(30) == 1
    assert f"Counterfoil runs already with its data in {directory}" in runners[1].output


def test_a_terminal_that_closes_leaves_no_process(directory: Path, runners: list[Runner]) -> None:
    runner = Runner(directory, free_port())
    runners.append(runner)
    processes = runner.await_ready()

    runner.close_terminal()

    assert runner.process.wait(60) == 0
    assert_gone(processes)


def submit(url: str) -> str | None:
    try:
        answer = requests.post(f"{url}/f/signup", json=ADA, timeout=9)
    except requests.RequestException:
        return None
    return str(answer.json()["id"]) if answer.status_code == 202 else None


def mailboxes(directory: Path) -> list[str]:
    """Return whom the mails in the sink went to, by name."""
    return sorted(str(mail["X-Envelope-To"]) for mail in map(read_mail, mails(directory / "mail")))


def backed_up(directory: Path, what: str) -> subprocess.CompletedProcess[str]:
    """Make a backup of the directory beside it, or restore that."""
    file = str(directory.with_name("backup.tar.gz"))
    command = [sys.executable, "-m", "dev.backup", what, file, "--directory", str(directory)]
    return subprocess.run(command, cwd=ROOT, env=clean_environment(), capture_output=True, text=True)


def with_settings_of(directory: Path, service: str, command: str) -> str:
    """Run a Python command as docs/operations.md says."""
    line = f"set -a; . {directory}/{service}.env; exec {sys.executable} {command}"
    done = subprocess.run(["sh", "-c", line], cwd=ROOT, env=clean_environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def made_key(directory: Path, *given: str) -> str:
    """Return the key that `make key` shows."""
    command = ["make", "--no-print-directory", "key", f"RUN={directory}", *given]
    done = subprocess.run(command, cwd=ROOT, env=clean_environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return str(re.findall(r"cf_\S+", done.stdout)[0])


def submissions(url: str, key: str) -> list[dict[str, str]] | None:
    answer = requests.get(f"{url}/v1/forms/signup/submissions", headers={"Authorization": f"Bearer {key}"}, timeout=9)
    return list(answer.json()["submissions"]) if answer.ok else None


def assert_gone(processes: list[int]) -> None:
    eventually(lambda: not any(map(is_alive, processes)), 10, f"none of {processes} is left")
