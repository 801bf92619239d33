"""Writes a file that is whole or not there."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from counterfoil_cli.exits import Wrong
from counterfoil_cli.harmless import line


@contextmanager
def replaced(path: Path) -> Iterator[BinaryIO]:
    """Lend a file beside `path`, which takes its place if nothing is raised, and is removed otherwise.

    A new file is for its owner alone; what it replaces keeps its rights, and a link goes on to lead to it. What is no
    file, a device or a pipe, is never replaced. Raises `Wrong`.
    """
    made = None
    try:
        if path.exists() and not path.is_file():  # for root, /dev/null would be gone from the machine
            raise Wrong(f"{line(path)} is no file: without --to it goes to standard output")
        path = path.resolve()
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", suffix=".part", dir=path.parent)
        made = Path(name)
        with os.fdopen(handle, "wb") as file:
            yield file
        if path.exists():
            made.chmod(path.stat().st_mode & 0o777)
        made.replace(path)
        made = None
    except OSError as error:
        raise Wrong(f"{line(path)} cannot be written: {error.strerror or error}") from error
    finally:
        if made is not None:
            made.unlink(missing_ok=True)
