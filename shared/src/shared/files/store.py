"""What a store of files does. Directories, object stores and the tests' memory all do it alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Protocol

PIECE_BYTES = 1024 * 1024
"""The most that one piece of a file has, in and out."""


class StoreUnavailable(Exception):
    """The store is away, slow, or fails: try again later. The text says what it was, and how to mend it."""


class StoreFull(StoreUnavailable):
    """The store takes nothing more."""


class FileMissing(Exception):
    """Nothing is under this key."""


@dataclass(frozen=True, slots=True)
class StoredKey:
    """What is under a key: its bytes, and when it was put (UTC, aware)."""

    key: str
    size: int
    put_at: datetime


@dataclass(frozen=True, slots=True)
class Opened:
    """A file, or a range of it, that is read piece by piece. Close it, or use it in a `with`.

    `size` is that of the whole file. Iterating gives pieces of at most `PIECE_BYTES`, and may raise `StoreUnavailable`,
    and `FileMissing` where the file was deleted meanwhile.
    """

    size: int
    pieces: Iterator[bytes]
    close: Callable[[], None] = field(default=lambda: None)

    def __iter__(self) -> Iterator[bytes]:
        return self.pieces

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class FileStore(Protocol):
    """Keeps files under keys (`shared.files.keys`). Any number of threads may use one."""

    def put(self, key: str, pieces: Iterable[bytes]) -> None:
        """Keep `pieces`, one after the other, as one file: it is durable when this returns.

        A file that is there is replaced. Nothing new is under the key where this or `pieces` raises; what `pieces`
        raises comes out of here as it is. Raises `StoreUnavailable`, also as `StoreFull`.
        """

    def open(self, key: str, *, start: int = 0, end: int | None = None) -> Opened:
        """Open the bytes from `start` up to `end`, which is not among them; None is the end of the file.

        A range that goes beyond the file ends with it. Raises `FileMissing`, `StoreUnavailable`.
        """

    def delete(self, keys: Sequence[str]) -> None:
        """Delete these; one that is not there is no error. Raises `StoreUnavailable`: some may be gone then."""

    def keys(self, prefix: str = "") -> Iterator[StoredKey]:
        """Return everything below these parts, in no order: `contact/2026-11-30`, without a slash at its end.

        What is put or deleted meanwhile may be among it or not. Raises `StoreUnavailable`, also while it is read.
        """

    def check(self) -> None:
        """Write, read and delete a probe, and remove what killed puts left a day ago; raises `StoreUnavailable`."""
