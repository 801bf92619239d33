"""`make clean` removes what can be made again; `make delete-data` asks, and deletes all data.

Neither touches anything while `make run` runs. Needs nothing but Python.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from dev import docker_volume, run_directory
from dev.steps import ROOT, RUN, CannotGoOn, leave, say

_MADE = (
    ".venv",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".import_linter_cache",
    ".hypothesis",
    ".coverage",
    "tests/clients/node_modules",
)
_NO_DATA = ("lock", "prepare.lock", "prepare.log")
"""They stay: of a lock that is deleted while it is held, two could be held at once."""


def clean(root: Path, directory: Path) -> None:
    """Remove environments and caches below `root`; the data stays. Raises `CannotGoOn` while a run uses them."""
    if directory.exists():
        with run_directory.held(directory):
            _remove_made(root)
    else:
        _remove_made(root)
    if _data(directory):
        say(f"The data stays in {directory}. To delete it, too: make delete-data")


def delete_data(directory: Path) -> None:
    """Delete all that `make run` kept, once somebody has said yes; raises `CannotGoOn`."""
    if not _data(directory):
        say(f"There is no data in {directory}.")
        return
    with run_directory.held(directory):
        _ask(directory)
        for path in _data(directory):
            _remove(path)
        docker_volume.remove(directory / "rabbitmq")
    say("Deleted.")


def _ask(directory: Path) -> None:
    if os.environ.get("CONFIRM") == "yes":
        return
    kept = ", ".join(sorted(path.name for path in _data(directory)))
    say(
        f"This deletes every submission, the keys, the mails and what waits in the broker, for good, in\n{directory}:\n"
    )
    say(f"  {kept}\n")
    if not sys.stdin.isatty():
        raise CannotGoOn(
            "Nobody is there to be asked, so nothing was deleted. In a script: CONFIRM=yes make delete-data"
        )
    say("A copy first: make backup TO=~/counterfoil.tar.gz\n")
    try:
        answer = input("Type yes to delete it: ")
    except EOFError:
        answer = ""
    if answer.strip() != "yes":
        raise CannotGoOn("Nothing was deleted.")


def _data(directory: Path) -> list[Path]:
    return [path for path in directory.glob("*") if path.name not in _NO_DATA]


def _remove_made(root: Path) -> None:
    for path in map(root.joinpath, _MADE):
        _remove(path)
    for found in list(root.rglob("__pycache__")):
        _remove(found)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def main() -> None:
    """Do what the command line asks for."""
    try:
        delete_data(RUN) if sys.argv[1:] == ["data"] else clean(ROOT, RUN)
    except CannotGoOn as error:
        leave(error)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
