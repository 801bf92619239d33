"""Makes the virtual environment: pinned packages, checked by hash, and our own packages editable."""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

from dev import packages
from dev.steps import ROOT, CannotGoOn, call

PYTHON = ROOT / ".venv" / "bin" / "python"
OUR_PACKAGES = ("shared", "gateway", "storage-service", "notify-service", "tools/ledger", "tools/cli")
_PINS = ROOT / "constraints.txt"
_STAMP = ROOT / ".venv" / "made-from"
_CLIENT_PINS = ROOT / "tools" / "dev" / "client-requirements.txt"
_BENCH_PINS = ROOT / "tools" / "bench" / "requirements.txt"
_PIP = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input"]
_INSTALL = [*_PIP, "install"]


def install() -> None:
    """Make `.venv` what the pins ask for; does nothing when it is. Raises `CannotGoOn`."""
    wanted = _fingerprint()
    if _STAMP.exists() and _STAMP.read_text() == wanted and _starts():
        return
    if not _starts():
        _make()
    _install_pinned("Installing the pinned Python packages (a minute or two)", _PINS)
    call(
        "Removing setuptools, which Python up to 3.11 brings and nothing here needs",
        [*_PIP, "uninstall", "-y", "setuptools"],
    )
    ours = [part for name in OUR_PACKAGES for part in ("--editable", f"./{name}")]
    call("Installing Counterfoil's own packages", [*_INSTALL, "--no-deps", "--no-build-isolation", *ours])
    _STAMP.write_text(wanted)


def install_with_bench() -> None:
    """Install what `install` does, and what the peers of the bench are made of."""
    install()
    _install_further("Installing what the bench compares with", _BENCH_PINS)


def install_with_clients() -> None:
    """Install what `install_with_bench` does, and what only tests need: a browser's driver, Node, kubectl, S3."""
    install_with_bench()
    _install_further("Installing the browser's driver, Node, kubectl and an S3 server (490 MB)", _CLIENT_PINS)


def _install_further(what: str, pins: Path) -> None:
    stamp, wanted = _STAMP.with_name(f"{pins.parent.name}-{pins.stem}-made-from"), _hash_of(pins.read_text())
    if not stamp.exists() or stamp.read_text() != wanted:
        _install_pinned(what, pins)
        stamp.write_text(wanted)


def _install_pinned(what: str, pins: Path) -> None:
    call(what, [*_INSTALL, "--require-hashes", "--no-deps", "-r", str(pins)])


def _make() -> None:
    if importlib.util.find_spec("ensurepip") is None:
        _install_venv()
    shutil.rmtree(PYTHON.parents[1], ignore_errors=True)
    call("Making a virtual environment in .venv", [sys.executable, "-m", "venv", str(PYTHON.parents[1])])


def _install_venv() -> None:
    name = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if not packages.can_apt():
        raise CannotGoOn(
            f"Python's venv is missing. Install it, on Debian and Ubuntu:\n\n  apt install {name}\n\nand try again."
        )
    packages.apt("Python's venv", name)


def _starts() -> bool:
    return PYTHON.exists() and subprocess.run([PYTHON, "-m", "pip", "--version"], capture_output=True).returncode == 0


def _fingerprint() -> str:
    made_from = [_PINS, *(ROOT / name / "pyproject.toml" for name in OUR_PACKAGES)]
    parts = [str(ROOT), sys.version, *OUR_PACKAGES, *(path.read_text() for path in made_from)]
    return _hash_of(*parts)


def _hash_of(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
