"""Lends previews: each is made once, for all files that are the same, and kept beside the files."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

import structlog

from shared.files.store import FileMissing, FileStore, StoreUnavailable
from storage_service.previews.child import Crowded, drawn
from storage_service.previews.keys import preview_key

KINDS = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
SOURCE_BYTES = 32 * 1024 * 1024
"""The largest file that is looked at."""

AT_ONCE = 1
WAIT_S = 8.0
"""How many are drawn at once in a process, and how long another one waits for its turn."""

LATE_S = 600.0
LATE_MOST = 1000
"""For how long a picture is not tried again that took too long, and how many of these are known."""

PREVIEW_BYTES = 512 * 1024

_NONE = b""
"""What is kept where nothing can be drawn: so that it is not tried each time the page is opened."""

_log = structlog.get_logger()


class NoPreview(Exception):
    """There is no small picture of this file."""


class Busy(Exception):
    """As many are being drawn as may be: ask again in a moment."""


def has_preview(kind: str, size: int) -> bool:
    """Return whether a file of this type and size may have one."""
    return kind in KINDS and 0 < size <= SOURCE_BYTES


def _drawn(pieces: Iterable[bytes]) -> bytes | None:
    return drawn(pieces, most=PREVIEW_BYTES)


class Previews:
    """Makes previews of what is in a store. Safe to use from several threads."""

    def __init__(
        self,
        store: FileStore,
        *,
        wait_s: float = WAIT_S,
        draw: Callable[[Iterable[bytes]], bytes | None] = _drawn,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._wait_s = wait_s
        self._places = threading.BoundedSemaphore(AT_ONCE)
        self._draw = draw
        self._clock_s = clock_s
        self._late: dict[str, float] = {}

    def of(self, key: str, sha256: str) -> bytes:
        """Return the small picture, as WebP, of the file under a key.

        Raises `NoPreview`, `Busy`, `FileMissing` and `StoreUnavailable`.
        """
        found = self._kept(sha256)
        if found is None:
            found = self._made(key, sha256)
        if not found:
            raise NoPreview
        return found

    def forget(self, sha256: str) -> None:
        """Delete what is kept of a file; raises `StoreUnavailable`."""
        self._store.delete([preview_key(sha256)])

    def _kept(self, sha256: str) -> bytes | None:
        try:
            with self._store.open(preview_key(sha256), end=PREVIEW_BYTES) as opened:
                return b"".join(opened)
        except FileMissing:
            return None

    def _made(self, key: str, sha256: str) -> bytes:
        if self._late.get(sha256, 0.0) > self._clock_s():
            raise Busy
        if not self._places.acquire(timeout=self._wait_s):
            raise Busy
        try:
            found = self._kept(sha256)  # somebody else may have waited before us for the same
            if found is not None:
                return found
            with self._store.open(key, end=SOURCE_BYTES) as opened:
                made = self._draw(opened)
        except Crowded as error:
            self._note_late(sha256)
            raise Busy from error
        finally:
            self._places.release()
        self._keep(sha256, made or _NONE)
        return made or _NONE

    def _note_late(self, sha256: str) -> None:
        """Remember what did not come to its end: one picture must not have the only place again and again."""
        if len(self._late) >= LATE_MOST:
            self._late.clear()
        self._late[sha256] = self._clock_s() + LATE_S

    def _keep(self, sha256: str, made: bytes) -> None:
        try:
            self._store.put(preview_key(sha256), [made] if made else [])
        except StoreUnavailable as error:  # it is shown all the same, and made again the next time
            _log.warning("a preview was not kept", because=str(error))
