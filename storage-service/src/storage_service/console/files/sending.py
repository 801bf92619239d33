"""Sends what a store has opened, as it comes. What breaks off is shorter than was said: nobody takes it for whole."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

import structlog

from shared.files import FileMissing, Opened, StoreUnavailable

PIECE_BYTES = 256 * 1024
"""What is handed to the server at once: a reader who is slow holds no more."""

_log = structlog.get_logger()


class Sending:
    """The bytes of one answer. It closes what it reads, and calls `ended`, when it ends and where nobody reads it."""

    def __init__(self, opened: Opened, length: int, ended: Callable[[], None]) -> None:
        self._opened = opened
        self._length = length
        self._ended = ended
        self._pieces = self._sent()

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        """End it; may be called twice."""
        self._pieces.close()
        self._end()

    def _sent(self) -> Generator[bytes, None, None]:
        left = self._length
        try:
            for piece in self._opened:
                for start in range(0, min(len(piece), left), PIECE_BYTES):
                    yield piece[start : min(start + PIECE_BYTES, left)]
                left -= min(len(piece), left)
                if not left:
                    return
        except (StoreUnavailable, FileMissing) as error:
            _log.error("a file broke off", error=type(error).__name__, bytes_left=left)
        else:
            if not left:  # an empty file
                return
            _log.error("a file is shorter than it was", bytes_left=left)
        finally:
            self._end()

    def _end(self) -> None:
        self._opened.close()
        self._ended()
