"""The directory of `make run`: private, held by one, rid of what a killed run left; what `make clean` leaves in it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev import clean, run_directory
from dev.processes import is_alive
from dev.steps import CannotGoOn

SLEEPING = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)",
]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    kept = tmp_path / "kept" / "run"
    (kept / "secrets").mkdir(parents=True)
    (kept / "storage.db").write_text("rows")
    (kept / "secrets" / "secret").write_text("s")
    return kept


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[str]]]:
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        process.kill()
        process.communicate()


def start(started: list[subprocess.Popen[str]], directory: Path, command: list[str]) -> subprocess.Popen[str]:
    environment = dict(os.environ) | run_directory.mark(directory)
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True)
    started.append(process)
    assert process.stdout
    assert process.stdout.readline() == "up\n"
    return process


def modes(directory: Path) -> set[int]:
    return {path.stat().st_mode & 0o777 for path in (directory, *directory.rglob("*"))}


def test_what_others_could_read_is_mended_at_the_next_start(directory: Path) -> None:
    for path in (directory, *directory.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    with run_directory.held(directory):
        assert modes(directory) == {0o700, 0o600}


def test_a_link_in_it_changes_nothing_elsewhere(directory: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    mine.chmod(0o644)
    (directory / "link").symlink_to(mine)
    run_directory.make_private(directory)
    assert mine.stat().st_mode & 0o777 == 0o644


def test_two_cannot_have_it_at_once(directory: Path) -> None:
    with (
        run_directory.held(directory),
        pytest.raises(CannotGoOn, match=f"already with its data in {directory}"),
        run_directory.held(directory),
    ):
        pytest.fail("both have it")
    with run_directory.held(directory):
        pass


@pytest.mark.parametrize("command", [SLEEPING, DEAF], ids=["ends when told", "has to be killed"])
def test_what_a_killed_run_left_is_ended_and_nothing_else(
    directory: Path, tmp_path: Path, started: list[subprocess.Popen[str]], command: list[str]
) -> None:
    (tmp_path / "other").mkdir()
    left, of_another = start(started, directory, command), start(started, tmp_path / "other", command)

    run_directory.end_leftovers(directory, grace_s=0.5)

    assert not is_alive(left.pid)
    assert is_alive(of_another.pid)


def test_a_directory_that_took_the_name_is_another(directory: Path, started: list[subprocess.Popen[str]]) -> None:
    of_the_old_one = start(started, directory, SLEEPING)
    directory.rename(directory.with_name("moved"))
    with run_directory.held(directory):
        assert is_alive(of_the_old_one.pid)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "checkout"
    for folder in (".venv/bin", ".mypy_cache", "tools/dev/__pycache__", "tests/clients/node_modules", "docs"):
        (made / folder).mkdir(parents=True)
        (made / folder / "file").write_text("x")
    return made


def files(directory: Path) -> dict[str, str]:
    return {
        str(path.relative_to(directory)): path.read_text()
        for path in directory.rglob("*")
        if path.is_file() and path.name != "lock"
    }


def test_clean_removes_what_can_be_made_again_and_no_data(
    root: Path, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files(directory)
    clean.clean(root, directory)
    assert files(root) == {"docs/file": "x"}
    assert files(directory) == before
    assert "make delete-data" in capsys.readouterr().out


def test_clean_makes_no_directory_and_speaks_of_no_data_where_there_is_none(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clean.clean(root, tmp_path / "never")
    assert not (tmp_path / "never").exists()
    assert capsys.readouterr().out == ""


def test_neither_verb_touches_anything_while_it_runs(
    root: Path, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONFIRM", "yes")
    before = files(root), files(directory)
    with run_directory.held(directory):
        with pytest.raises(CannotGoOn, match="runs already"):
            clean.clean(root, directory)
        with pytest.raises(CannotGoOn, match="runs already"):
            clean.delete_data(directory)
    assert (files(root), files(directory)) == before


@pytest.mark.parametrize("answer", ["", "y", "no", None])
def test_data_is_deleted_by_a_whole_yes_alone(
    directory: Path, monkeypatch: pytest.MonkeyPatch, answer: str | None
) -> None:
    answering(monkeypatch, answer)
    before = files(directory)
    with pytest.raises(CannotGoOn, match=r"[Nn]othing was deleted"):
        clean.delete_data(directory)
    assert files(directory) == before

    answering(monkeypatch, "yes")
    clean.delete_data(directory)
    assert files(directory) == {}


def test_where_nobody_can_be_asked_data_is_deleted_only_where_it_was_said_before(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))
    monkeypatch.setenv("CONFIRM", "1")
    with pytest.raises(CannotGoOn, match="CONFIRM=yes make delete-data"):
        clean.delete_data(directory)
    assert "storage.db" in files(directory)

    monkeypatch.setenv("CONFIRM", "yes")
    clean.delete_data(directory)
    assert files(directory) == {}


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def answering(monkeypatch: pytest.MonkeyPatch, answer: str | None) -> None:
    monkeypatch.delenv("CONFIRM", raising=False)
    monkeypatch.setattr(sys, "stdin", _Terminal("" if answer is None else f"{answer}\n"))
