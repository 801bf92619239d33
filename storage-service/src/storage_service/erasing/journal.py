"""Keeps what was erased outside the database, for whoever restores a backup that is older."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping, Set
from datetime import datetime
from pathlib import Path
from typing import Protocol
from uuid import UUID

from shared.database import iso
from shared.messaging.failures import DependencyUnavailable

_LINE_MOST = 200


class Journal(Protocol):
    """Keeps which ids were erased, and when."""

    def add(self, moments: Mapping[UUID, datetime]) -> None:
        """Keep them, durably, before it returns; raises `DependencyUnavailable`."""

    def is_in(self, file: Path) -> bool:
        """Say whether it is kept in this file."""

    def marks(self) -> Set[int]:
        """Return the `mark` of all that is kept."""


class KeptNowhere:
    """A journal that keeps nothing: a restored backup brings back what was erased since it was made."""

    def add(self, moments: Mapping[UUID, datetime]) -> None:
        """See `Journal`."""

    def is_in(self, file: Path) -> bool:  # noqa: ARG002
        """See `Journal`."""
        return False

    def marks(self) -> Set[int]:
        """See `Journal`."""
        return frozenset()


class FileJournal:
    """A file that is only added to: a line has an id, a space and a moment. Several processes may share it.

    It holds no personal data, and has to be kept apart from the database and its backups.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, moments: Mapping[UUID, datetime]) -> None:
        """See `Journal`. What cannot be written whole is not written at all."""
        if moments:
            try:
                self._append("".join(f"{_line(key, at)}\n" for key, at in moments.items()).encode())
            except OSError as error:
                told = f"{self._path}: what is erased cannot be noted there, so nothing is: {error.strerror}"
                raise DependencyUnavailable(told) from error

    def is_in(self, file: Path) -> bool:
        """See `Journal`."""
        return self._path.exists() and file.exists() and self._path.samefile(file)

    def marks(self) -> Set[int]:
        """See `Journal`. Raises `OSError`."""
        if not self._path.exists():
            return frozenset()
        with self._path.open("rb") as lines:
            return {hash(line.rstrip()) for line in iter(lambda: lines.readline(_LINE_MOST), b"")}

    def _append(self, lines: bytes) -> None:
        is_new = not self._path.exists()
        descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            end = os.fstat(descriptor).st_size
            is_torn = end and os.pread(descriptor, 1, end - 1) != b"\n"  # a machine that lost power in the middle
            _write(descriptor, b"\n" + lines if is_torn else lines, end)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if is_new:
            _sync_folder(self._path.parent)


def mark(key: UUID, at: datetime) -> int:
    """Return what tells an erasure from others, in this process."""
    return hash(_line(key, at).encode())


def _line(key: UUID, at: datetime) -> str:
    return f"{key} {iso(at)}"


def journal_of(path: Path | None) -> Journal:
    """Return the journal in a file; where there is none, one that keeps nothing."""
    return KeptNowhere() if path is None else FileJournal(path)


def _write(descriptor: int, lines: bytes, end: int) -> None:
    rest = memoryview(lines)
    try:
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    except OSError:
        os.ftruncate(descriptor, end)
        raise


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
