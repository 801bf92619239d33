"""Manages the volume of the broker's container, which outlives it; needs nothing but Python."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

from dev.steps import CannotGoOn


def name_of(directory: Path) -> str:
    """Return the name of the container, and of the volume, of the broker whose directory this is."""
    return f"counterfoil-{hashlib.sha256(str(directory.absolute()).encode()).hexdigest()[:12]}"


def remove(directory: Path) -> None:
    """Delete the volume where there is one, with all that waits in it; raises `CannotGoOn` where Docker refuses."""
    if shutil.which("docker") is None:
        return
    volume = name_of(directory)
    known = subprocess.run(["docker", "volume", "inspect", volume], capture_output=True).returncode == 0
    if known and subprocess.run(["docker", "volume", "rm", volume], capture_output=True).returncode:
        raise CannotGoOn(f"Docker keeps the broker's data: docker volume rm {volume}")
