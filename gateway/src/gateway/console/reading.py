"""Reads an answer out of the bytes of a connection, with llhttp, which Node reads HTTP with.

The parser knows no limits, so they are here; and it is not told which request is answered.
"""

from __future__ import annotations

import httptools

HEAD_BYTES = 64 * 1024
HEADERS_MOST = 100
INTERIM_MOST = 20


class Unreadable(Exception):
    """What came is no answer by HTTP, or one beyond our limits; the text says what is wrong."""


class AnswerReader:
    """Reads one answer; interim ones (1xx) before it are read over. `has_body` is false for the answer to HEAD."""

    def __init__(self, *, has_body: bool) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.has_head = False
        self.is_complete = False
        self._has_body = has_body
        self._pieces: list[bytes] = []
        self._head_bytes = 0
        self._interim = 0
        self._parser = httptools.HttpResponseParser(self)

    @property
    def length(self) -> int | None:
        """How many bytes the body has by its header; None where nothing is said, or it comes in chunks."""
        text = self._header(b"content-length")
        return int(text) if text is not None and not self._is_chunked else None

    @property
    def is_bare(self) -> bool:
        """Whether nothing follows the headers, as in the answer to HEAD; its length may be said all the same."""
        return not self._has_body or self.status in {204, 205, 304}

    @property
    def kind(self) -> bytes:
        """The media type of the body, in small letters, without parameters."""
        return (self._header(b"content-type") or b"").partition(b";")[0].strip().lower()

    @property
    def is_saved(self) -> bool:
        """Whether the body is a file that a reader saves: how long that takes is the reader's matter."""
        said = self._header(b"content-disposition") or b""
        return said.partition(b";")[0].strip().lower() == b"attachment"

    def feed(self, data: bytes) -> None:
        """Read on; no bytes at all say that the connection was closed. Raises `Unreadable`."""
        if not data:
            self._close()
            return
        if not self.has_head:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if not self.is_complete:  # else it is about what comes after it, which nobody reads
                raise Unreadable(type(error).__name__) from error
        if not self.has_head and self._head_bytes > HEAD_BYTES:
            raise Unreadable("too long a head")

    def take(self) -> bytes:
        """Return what has come of the body since the last time."""
        piece = b"".join(self._pieces)
        self._pieces.clear()
        return piece

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one header down (`httptools`); one after the body is left out."""
        if not self.has_head:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Know what is answered (`httptools`)."""
        if self.has_head:
            return  # another answer, that nobody asked for
        status = self._parser.get_status_code()
        if len(self.headers) > HEADERS_MOST:
            raise Unreadable("too many headers")
        if 100 <= status < 200:
            self.headers.clear()
            self._interim += 1
            if self._interim > INTERIM_MOST:
                raise Unreadable("too many interim answers")
            return
        self._check(status)
        self.status, self.has_head = status, True
        if not self._has_body:
            self.is_complete = True

    def on_body(self, body: bytes) -> None:
        """Take a part of the body down (`httptools`)."""
        if not self.is_complete:
            self._pieces.append(body)

    def on_message_complete(self) -> None:
        """Know the end (`httptools`), unless it is that of an interim answer."""
        self.is_complete = self.has_head

    def _check(self, status: int) -> None:
        if not 200 <= status < 600:
            raise Unreadable("no status")
        coding = self._header(b"transfer-encoding")
        if coding is not None and coding.strip().lower() != b"chunked":
            raise Unreadable("another transfer coding than chunked")

    @property
    def _is_chunked(self) -> bool:
        return self._header(b"transfer-encoding") is not None

    def _header(self, wanted: bytes) -> bytes | None:
        return next((value for name, value in self.headers if name.lower() == wanted), None)

    def _close(self) -> None:
        """Know that no more comes: the end of an answer that says nothing of its length, and a break of any other."""
        if not self.has_head or self._is_chunked or self._header(b"content-length") is not None:
            raise Unreadable("broke off")
        self.is_complete = True
