"""Gives programs a disk of their own that is small, for tests that fill it.

`python -m tests.support.small_disk` runs the real gateway with its directory of files on a disk of 32 MB that nobody
else sees. Others look at it below `/proc/<its id>/root`.
"""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

SIZE_MB = 32

MOUNT = 'mount -t tmpfs -o size="$1"m none "$2" && shift 2 && exec "$@"'

PART_BYTES = 64 * 1024


def main() -> None:
    """Become the gateway, with the same process id."""
    folder = urlsplit(os.environ["COUNTERFOIL_FILES_URL"]).path
    command = [*_mounted(folder, SIZE_MB), sys.executable, "-m", "gateway"]
    os.execvp(command[0], command)  # noqa: S606 - found on the path


def _mounted(folder: str | Path, size_mb: int) -> list[str]:
    """Return what runs a command that sees the disk. Mounting needs root, or a namespace of one's own."""
    as_root = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *as_root, "--mount", "sh", "-c", MOUNT, "sh", str(size_mb), str(folder)]


@contextmanager
def disk_at(folder: Path, size_mb: int) -> Iterator[Path]:
    """Keep a disk for as long as the `with` lasts; yields where it is for everybody."""
    told = "echo there && exec sleep infinity"
    with subprocess.Popen([*_mounted(folder, size_mb), "sh", "-c", told], stdout=subprocess.PIPE) as keeper:
        try:
            assert keeper.stdout is not None
            assert keeper.stdout.readline() == b"there\n", "it could not be mounted"
            yield seen(keeper.pid, folder)
        finally:
            keeper.kill()


def seen(pid: int, folder: Path) -> Path:
    """Return where others find a folder of that process."""
    return Path(f"/proc/{pid}/root{folder}")


@contextmanager
def filled(folder: Path, *, but: int) -> Iterator[None]:
    """Fill a disk, but for so many bytes, while the block runs."""
    filler = folder / ".filler"
    try:
        with filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(PART_BYTES))
            except OSError as error:
                assert error.errno == errno.ENOSPC  # noqa: PT017 - what fills it
            file.truncate(max(0, file.tell() - but))
        yield
    finally:
        filler.unlink()


if __name__ == "__main__":
    main()
