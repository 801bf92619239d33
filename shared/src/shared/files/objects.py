"""A store in a bucket: S3 and what speaks it, Google's, Azure's. What is put is durable when the store says so.

A large file goes in parts, of which a few are in memory at once over all threads: who would be one more waits for its
turn. Requests are bounded in time and tried again briefly; a put that fails takes its parts back.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore

from shared.files import keys as names
from shared.files.buckets import failure, opened
from shared.files.probing import probe
from shared.files.settings import LARGE_AT_ONCE, FilesSettings
from shared.files.store import PIECE_BYTES, FileMissing, Opened, StoredKey, StoreUnavailable

PART_BYTES = 5 * 1024 * 1024
"""The least that S3 takes as a part of a file."""

TURN_S = 8
"""How long a file waits for its turn: less than a gateway gives a store for one piece, which this is a part of."""

SMALL_BYTES = 256 * 1024
"""What a file may have to go in one request, without waiting for a turn."""

_LISTED = 1000


class ObjectFiles:
    """Does what `store.FileStore` says. A process makes its own: it does not outlive a fork."""

    def __init__(self, store: ObjectStore, called: str, *, turn_s: float = TURN_S) -> None:
        self._store = store
        self._called = called
        self._turn_s = turn_s
        self._turns = threading.BoundedSemaphore(LARGE_AT_ONCE)

    @classmethod
    def at(cls, settings: FilesSettings) -> ObjectFiles:
        """Return the store that the settings name; raises `StoreUnavailable` where nothing can be made of them."""
        called = f"the object store {settings.url}"
        try:
            return cls(opened(settings), called)
        except (BaseError, ValueError) as error:
            raise failure(called, error) from error

    def put(self, key: str, pieces: Iterable[bytes]) -> None:
        """See `FileStore.put`."""
        names.checked(key)
        watched = _Watched(pieces)
        head = _head(watched)
        if len(head) < SMALL_BYTES:
            with self._classified(key):
                obstore.put(self._store, key, head, use_multipart=False)
            return
        with self._turn():
            try:
                with self._classified(key):
                    self._put_parts(key, itertools.chain([head], watched))
            except Exception:
                if watched.error is not None:
                    raise watched.error from None
                raise

    def _put_parts(self, key: str, pieces: Iterable[bytes]) -> None:
        obstore.put(self._store, key, iter(pieces), use_multipart=True, chunk_size=PART_BYTES, max_concurrency=1)

    def open(self, key: str, *, start: int = 0, end: int | None = None) -> Opened:
        """See `FileStore.open`."""
        with self._classified(key):
            size = obstore.head(self._store, names.checked(key))["size"]
        return Opened(size, self._ranges(key, start, size if end is None else min(end, size)))

    def delete(self, keys: Sequence[str]) -> None:
        """See `FileStore.delete`."""
        checked = [names.checked(key) for key in keys]
        if not checked:
            return
        try:
            with self._classified("several"):
                obstore.delete(self._store, checked)
        except FileMissing:  # S3 does not mind; others do, and then it is not known which are left
            for key in checked:
                with suppress(FileMissing), self._classified(key):
                    obstore.delete(self._store, key)

    def keys(self, prefix: str = "") -> Iterator[StoredKey]:
        """See `FileStore.keys`."""
        listed = obstore.list(self._store, names.checked_prefix(prefix) or None, chunk_size=_LISTED)
        while True:
            with self._classified(prefix):
                some = next(listed, None)
            if some is None:
                return
            found = (StoredKey(one["path"], one["size"], one["last_modified"]) for one in some)
            yield from (one for one in found if names.is_listed(one.key, prefix))

    def check(self) -> None:
        """See `FileStore.check`. Parts that a killed put left are the bucket's to remove, see docs/operations.md."""
        probe(self)

    def _ranges(self, key: str, start: int, end: int) -> Iterator[bytes]:
        """Ask for a piece at a time: no request is open while a slow reader reads, and each is tried again."""
        for at in range(start, end, PIECE_BYTES):
            with self._classified(key):
                piece = bytes(obstore.get_range(self._store, key, start=at, end=min(at + PIECE_BYTES, end)))
            yield piece

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._turns.acquire(timeout=self._turn_s):
            raise StoreUnavailable(
                f"{LARGE_AT_ONCE} large files are going to {self._called}, for {self._turn_s} s by now"
            )
        try:
            yield
        finally:
            self._turns.release()

    @contextmanager
    def _classified(self, key: str) -> Iterator[None]:
        """Turn what the library says into what a store says."""
        try:
            yield
        except FileNotFoundError as error:
            if "NoSuchBucket" in str(error):
                raise failure(self._called, error) from error
            raise FileMissing(key) from error
        except BaseError as error:
            raise failure(self._called, error) from error


class _Watched:
    """Hands on pieces, and keeps what their maker raises: it must not be taken for the store's."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self.error: BaseException | None = None

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._pieces)
        except StopIteration:
            raise
        except BaseException as error:
            self.error = error
            raise


def _head(pieces: Iterator[bytes]) -> bytes:
    """Return the begin of a file: all of it, where that is less than `SMALL_BYTES`."""
    head: list[bytes] = []
    size = 0
    for piece in pieces:
        head.append(piece)
        size += len(piece)
        if size >= SMALL_BYTES:
            break
    return b"".join(head)
