"""Installing leaves nothing behind that would keep the machine's other services from being started."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from support.polling import eventually
from support.service import ROOT

SCRIPT = ROOT / "tools" / "dev" / "apt-install"
APT_GET = """#!/bin/sh
[ "$2" = install ] || exit 0
"$DPKG_ROOT"/usr/sbin/policy-rc.d redis-server start
echo $? >"$DPKG_ROOT"/asked
exec sleep "$SLEEP"
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine's files, and an apt-get that asks whether Redis may be started, and takes its time."""
    for folder in ("usr/sbin", "run", "bin"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "bin/apt-get").write_text(APT_GET)
    (tmp_path / "bin/systemctl").write_text("#!/bin/sh\n")
    for program in (tmp_path / "bin").iterdir():
        program.chmod(0o755)
    return tmp_path


def install(root: Path, *, sleep: str = "0") -> subprocess.Popen[bytes]:
    variables = {"DPKG_ROOT": str(root), "PATH": f"{root}/bin:{os.environ['PATH']}", "SLEEP": sleep}
    return subprocess.Popen(["sh", str(SCRIPT), "redis-server"], env=variables, start_new_session=True)


def test_what_is_killed_leaves_no_policy_behind(root: Path) -> None:
    policy = root / "usr/sbin/policy-rc.d"
    installing = install(root, sleep="600")
    eventually((root / "asked").exists, 20, "it installs")
    assert policy.exists()
    os.killpg(installing.pid, signal.SIGKILL)
    installing.wait()
    eventually(lambda: not policy.exists(), 20, "the policy is gone")


def test_a_service_that_comes_along_is_not_started_and_no_policy_stays(root: Path) -> None:
    assert install(root).wait(20) == 0
    assert (root / "asked").read_text() == "101\n"
    assert not (root / "usr/sbin/policy-rc.d").exists()


def test_a_policy_of_the_machine_s_own_stays(root: Path) -> None:
    policy = root / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 104\n")
    policy.chmod(0o755)
    assert install(root).wait(20) == 0
    assert (root / "asked").read_text() == "104\n"
    assert policy.exists()


def test_what_a_power_cut_left_behind_is_taken_away(root: Path) -> None:
    policy = root / "usr/sbin/policy-rc.d"
    installing = install(root, sleep="600")
    eventually((root / "asked").exists, 20, "it installs")
    left = policy.read_text()
    os.killpg(installing.pid, signal.SIGKILL)
    installing.wait()
    eventually(lambda: not policy.exists(), 20, "the policy is gone")
    policy.write_text(left)
    assert install(root).wait(20) == 0
    assert not policy.exists()
