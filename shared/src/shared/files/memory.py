"""A store in memory, for tests of what works with files. It keeps nothing beyond its process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from shared.files import keys as names
from shared.files.probing import probe
from shared.files.store import PIECE_BYTES, FileMissing, Opened, StoredKey


class MemoryFiles:
    """Does what `store.FileStore` says. A test may look at `files`, and set `failure`, which everything raises then."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[bytes, datetime]] = {}
        self.failure: Exception | None = None

    def put(self, key: str, pieces: Iterable[bytes]) -> None:
        """See `FileStore.put`."""
        names.checked(key)
        self._fail()
        content = b"".join(pieces)
        self._fail()
        self.files[key] = content, datetime.now(UTC)

    def open(self, key: str, *, start: int = 0, end: int | None = None) -> Opened:
        """See `FileStore.open`."""
        names.checked(key)
        self._fail()
        if key not in self.files:
            raise FileMissing(key)
        content, _ = self.files[key]
        return Opened(len(content), _pieces(content[start:end]))

    def delete(self, keys: Sequence[str]) -> None:
        """See `FileStore.delete`."""
        self._fail()
        for key in keys:
            self.files.pop(names.checked(key), None)

    def keys(self, prefix: str = "") -> Iterator[StoredKey]:
        """See `FileStore.keys`."""
        names.checked_prefix(prefix)
        self._fail()
        for key, (content, put_at) in list(self.files.items()):
            if names.is_listed(key, prefix):
                yield StoredKey(key, len(content), put_at)

    def check(self) -> None:
        """See `FileStore.check`."""
        probe(self)

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure


def _pieces(content: bytes) -> Iterator[bytes]:
    for at in range(0, len(content), PIECE_BYTES):
        yield content[at : at + PIECE_BYTES]
