"""A store in a directory: on one machine's disk, or on a volume that several share.

Durable means: the file is synced before it gets its name, and the directories that say its name are synced after it.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path

from shared.files import keys as names
from shared.files.probing import probe
from shared.files.store import PIECE_BYTES, FileMissing, Opened, StoredKey, StoreFull, StoreUnavailable

INCOMING = ".incoming"
"""Where files grow. No key has a part that begins with a dot."""

LEFTOVER_S = 24 * 3600
"""How old a file in there is when nobody can be writing it any more."""

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_MISSING = (FileNotFoundError, NotADirectoryError, IsADirectoryError)
_TRIES = 50


class DirectoryFiles:
    """Does what `store.FileStore` says. `root` is there already; what is in it is for this process's user alone."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._incoming = root / INCOMING

    def put(self, key: str, pieces: Iterable[bytes]) -> None:
        """See `FileStore.put`."""
        target = self._path(key)
        with self._classified():
            growing = self._begun()
        try:
            self._write(growing, pieces)
            with self._classified():
                self._name(growing, target)
        finally:
            with suppress(OSError):  # it has its name by now, or nobody wants it
                growing.unlink()

    def open(self, key: str, *, start: int = 0, end: int | None = None) -> Opened:
        """See `FileStore.open`."""
        with self._classified():
            file = FileIO(self._path(key))
            size = os.fstat(file.fileno()).st_size
            file.seek(start)
        left = max(0, (size if end is None else min(end, size)) - start)
        return Opened(size, self._pieces(file, left), file.close)

    def delete(self, keys: Sequence[str]) -> None:
        """See `FileStore.delete`. A directory that is empty then goes, too."""
        paths = [self._path(key) for key in keys]
        with self._classified():
            self._root.stat()
            for path in paths:
                with suppress(*_MISSING):
                    path.unlink()
                self._remove_empty(path.parent)

    def keys(self, prefix: str = "") -> Iterator[StoredKey]:
        """See `FileStore.keys`."""
        with self._classified():
            self._root.stat()
            yield from (one for one in self._found(names.checked_prefix(prefix)) if names.is_listed(one.key, prefix))

    def check(self) -> None:
        """See `FileStore.check`."""
        probe(self)
        with self._classified():
            self._remove_leftovers()

    def _path(self, key: str) -> Path:
        return self._root / names.checked(key)

    def _begun(self) -> Path:
        self._incoming.mkdir(mode=0o700, exist_ok=True)
        return self._incoming / secrets.token_hex(16)

    def _write(self, growing: Path, pieces: Iterable[bytes]) -> None:
        with self._classified():
            target = os.open(growing, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            for piece in pieces:  # what this raises is not ours
                with self._classified():
                    _write_all(target, piece)
                del piece  # before the next one is made: many files grow at once
            with self._classified():
                os.fsync(target)
        finally:
            os.close(target)

    def _name(self, growing: Path, target: Path) -> None:
        """Give the file its name, and sync all that says so: from then on none of these directories is empty."""
        above = target.parents[: len(target.relative_to(self._root).parts)]
        for tries_left in reversed(range(_TRIES)):
            try:
                _make(above[-2::-1])
                growing.rename(target)
                break
            except FileNotFoundError:  # somebody removes a directory for being empty
                if not tries_left:
                    raise
        for folder in above:
            _sync(folder)

    def _remove_empty(self, folder: Path) -> None:
        while folder != self._root:
            try:
                folder.rmdir()
            except FileNotFoundError:
                pass
            except OSError:
                return
            folder = folder.parent

    def _found(self, prefix: str) -> Iterator[StoredKey]:
        waiting = [self._root / prefix]
        while waiting:
            place = waiting.pop()
            with suppress(*_MISSING):  # deleted meanwhile, or never there
                facts = place.stat()
                if stat.S_ISDIR(facts.st_mode):
                    waiting += [one for one in place.iterdir() if not one.name.startswith(".")]
                else:
                    key = place.relative_to(self._root).as_posix()
                    yield StoredKey(key, facts.st_size, datetime.fromtimestamp(facts.st_mtime, UTC))

    def _remove_leftovers(self) -> None:
        oldest = time.time() - LEFTOVER_S
        for leftover in self._incoming.iterdir():
            with suppress(FileNotFoundError):
                if leftover.stat().st_mtime < oldest:
                    leftover.unlink()

    @contextmanager
    def _classified(self) -> Iterator[None]:
        """Turn what the system says into what a store says."""
        try:
            yield
        except _MISSING as error:
            if self._root.is_dir():
                raise FileMissing(error.filename) from error
            raise StoreUnavailable(f"the directory of files, {self._root}, is not there: mount or make it") from error
        except OSError as error:
            raise self._failure(error) from error

    def _failure(self, error: OSError) -> StoreUnavailable:
        if error.errno in _FULL:
            return StoreFull(f"the disk of {self._root} is full ({error.strerror}): make room there")
        if error.errno in _FORBIDDEN:
            mend = f"give it to the user {os.getuid()}, who this runs as, and mount it for writing"
            return StoreUnavailable(f"{self._root} cannot be written or read ({error.strerror}): {mend}")
        return StoreUnavailable(f"{self._root} fails: {error.strerror or error}")

    def _pieces(self, file: FileIO, left: int) -> Iterator[bytes]:
        while left:
            with self._classified():
                piece = file.read(min(PIECE_BYTES, left))
            if not piece:
                raise StoreUnavailable(f"a file in {self._root} has become shorter while it was read")
            left -= len(piece)
            yield piece


def _write_all(target: int, piece: bytes) -> None:
    rest = memoryview(piece)
    while rest:
        rest = rest[os.write(target, rest) :]


def _make(folders: Sequence[Path]) -> None:
    for folder in folders:
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
