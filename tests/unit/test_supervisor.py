"""What `make run` does with the programs that it runs side by side: brings them back, and ends all of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.processes import is_alive
from dev.supervisor import Supervisor
from support.polling import eventually

QUICK_S = 0.01


class Shown(Supervisor):
    """A supervisor whose lines are kept."""

    def __init__(self) -> None:
        super().__init__(colour=False, pause_first_s=QUICK_S)
        self.lines: list[str] = []

    def say(self, text: str, name: str = "") -> None:
        self.lines.append(f"{name}: {text}" if name else text)

    def started(self, times: int) -> list[int]:
        """Wait until a program has been started so often; returns its process ids."""

        def pids() -> list[int] | None:
            found = [int(line.split()[-1]) for line in self.lines if line.startswith("part: up ")]
            return found if len(found) >= times else None

        return eventually(pids, 20, f"{times} starts")


@pytest.fixture
def supervisor() -> Iterator[Shown]:
    made = Shown()
    yield made
    made.stop()


def run(supervisor: Shown, program: str) -> None:
    supervisor.start(
        "part", [sys.executable, "-uc", f"import os, sys, time; print('up', os.getpid()); {program}"], os.environ
    )


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_part_comes_back_again_and_again(supervisor: Shown, sign: signal.Signals) -> None:
    run(supervisor, "time.sleep(600)")
    supervisor.bring_back()
    for times in (1, 2, 3):
        os.kill(supervisor.started(times)[-1], sign)
    assert len(set(supervisor.started(4))) == 4
    assert f"part was killed by {sign.name}. It is started again in 0.01 s." in supervisor.lines
    assert supervisor.wait(timeout_s=0) is None, "nothing has ended for good"


def test_each_pause_is_twice_as_long_as_the_one_before(supervisor: Shown) -> None:
    run(supervisor, "sys.exit(3)")
    supervisor.bring_back()
    supervisor.started(4)
    said = [line for line in supervisor.lines if line.startswith("part ended")]
    pauses = [float(line.split(" in ")[1].split()[0]) for line in said]
    assert pauses[:3] == [0.01, 0.02, 0.04]


def test_before_all_is_ready_what_ends_ends_everything(supervisor: Shown) -> None:
    run(supervisor, "sys.exit(2)")
    assert supervisor.wait(timeout_s=20) == "part ended by itself with 2"
    assert len(supervisor.started(1)) == 1


def test_workers_of_a_killed_part_are_gone_before_it_comes_back(supervisor: Shown) -> None:
    """They hold its port, and what it prints to: an orphan would keep its end from being noticed."""
    run(supervisor, "child = os.fork(); print('worker', os.getpid()) if not child else None; time.sleep(600)")
    supervisor.bring_back()
    worker = eventually(
        lambda: [int(line.split()[-1]) for line in supervisor.lines if line.startswith("part: worker")], 20, "a worker"
    )[0]
    os.kill(supervisor.started(1)[0], signal.SIGKILL)
    supervisor.started(2)
    assert not is_alive(worker)


def test_what_cannot_be_started_again_is_tried_again(supervisor: Shown) -> None:
    tries: list[int] = []
    runs = threading.Event()
    ends = iter(["ended by itself with 1"])

    def wait() -> str:
        return next(ends, "") or str(runs.wait(60))

    def start() -> None:
        tries.append(1)
        if len(tries) < 3:
            raise OSError("another program has its port")

    supervisor.bring_back()
    supervisor.watch("RabbitMQ", wait, start)
    eventually(lambda: len(tries) == 3, 20, "the third try")
    supervisor.stop()
    runs.set()
    assert "RabbitMQ could not be started again: another program has its port. It is started again in 0.02 s." in (
        supervisor.lines
    )


def test_stopping_ends_all_for_good(supervisor: Shown) -> None:
    run(supervisor, "time.sleep(600)")
    supervisor.bring_back()
    (pid,) = supervisor.started(1)
    supervisor.stop()
    assert not is_alive(pid)
    assert len(supervisor.started(1)) == 1


FILLS = """
import resource, signal
from dev.supervisor import Supervisor

supervisor = Supervisor(colour=False)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
supervisor.say("there is room")
most = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (20, most))
for number in range(1000):
    supervisor.say(f"there is none, {number}", "part")
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
supervisor.say("there is room again", "part")
"""


def test_an_output_that_was_full_is_written_on(tmp_path: Path) -> None:
    """`make run > file`: a limit of the file's size stands for a full disk."""
    with (tmp_path / "file").open("wb") as file:
        subprocess.run([sys.executable, "-c", FILLS], stdout=file, check=True)
    said = (tmp_path / "file").read_text().splitlines()
    assert said[0] == "there is room"
    assert said[-1].endswith("part     | there is room again")
    assert len(said) < 1000, "vacuous: it was never full"
