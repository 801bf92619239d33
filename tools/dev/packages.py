"""Installs system packages with apt or Homebrew."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from dev.steps import CannotGoOn, call, say

_APT = Path(__file__).with_name("apt-install")


def can_apt() -> bool:
    """Say whether Debian packages can be installed here: as root, or with sudo."""
    return shutil.which("apt-get") is not None and (os.geteuid() == 0 or _can_sudo())


def apt(what: str, *packages: str) -> None:
    """Install Debian packages without starting the services they bring, saying so; raises `CannotGoOn`."""
    how = "" if os.geteuid() == 0 else " with sudo"
    say(f"{what} is missing: installing the Debian package{'s' * (len(packages) > 1)} {', '.join(packages)}{how}.")
    say("  A service that comes with it is not started, and one that is there already is not touched.")
    if os.geteuid() != 0:
        _ask_for_password()
    call(f"apt-get install {' '.join(packages)}", [*_sudo(), "sh", str(_APT), *packages])


def can_brew() -> bool:
    """Say whether Homebrew is there."""
    return shutil.which("brew") is not None


def brew(what: str, package: str) -> None:
    """Install with Homebrew, saying so; raises `CannotGoOn`."""
    say(f"{what} is missing: installing it with Homebrew. Its service is not started.")
    call(f"brew install {package}", ["brew", "install", package])


def has_docker() -> bool:
    """Say whether a Docker engine answers."""
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "version"], capture_output=True, stdin=subprocess.DEVNULL).returncode == 0


def _sudo() -> list[str]:
    return [] if os.geteuid() == 0 else ["sudo"]


def _can_sudo() -> bool:
    if shutil.which("sudo") is None:
        return False
    silent = subprocess.run(["sudo", "-n", "true"], capture_output=True, stdin=subprocess.DEVNULL)
    return silent.returncode == 0 or sys.stdin.isatty()


def _ask_for_password() -> None:
    if subprocess.run(["sudo", "-v"]).returncode:
        raise CannotGoOn("sudo was refused, so nothing was installed.")
