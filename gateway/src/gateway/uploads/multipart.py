"""Reads a multipart body part by part while it comes: what it holds is a piece of the body, and a part's headers."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, MultipartState

from gateway.http.body import HEADER_BYTES
from gateway.http.errors import Refused, refused

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

HEADERS_MOST = 16

PARTS_MOST = 1000
"""How many parts a body may have, empty file inputs among them."""

ALL_HEADERS_BYTES = 512 * 1024
"""What the headers of all parts may have: to read them costs more than to pass a file on."""

_PartEnd = object()


@dataclass(slots=True)
class Part:
    """One part: its headers, by their names in small letters, and after them its content, piece by piece.

    The content has to be taken before the next part is; what was not taken is lost then.
    """

    headers: dict[bytes, bytes] = field(default_factory=dict)
    content: Iterator[bytes] = field(default_factory=lambda: iter(()))


class Multipart:
    """The parts of a body that comes in `pieces`. Raises `Refused`: 400 where it is malformed, 413 for too many parts.

    Whoever writes a body takes a boundary that is nowhere in its content (RFC 2046, 5.1.1): a body full of them,
    whether parts or not, is refused, for each costs the parser more than any other bytes.
    """

    def __init__(self, pieces: Iterator[bytes], boundary: bytes) -> None:
        self._pieces = pieces
        self._delimiter = b"\r\n--" + boundary
        self._delimiters, self._header_bytes = 0, 0
        self._found: deque[object] = deque()
        self._name, self._value = bytearray(), bytearray()
        self._headers: dict[bytes, bytes] = {}
        self._content: list[bytes] = []
        self._has_begun, self._is_whole = False, False
        try:
            self._parser = MultipartParser(
                boundary, self._callbacks(), max_header_count=HEADERS_MOST, max_header_size=HEADER_BYTES
            )
        except FormParserError as error:
            raise refused(400, "MALFORMED", "The boundary of the multipart body is too long.") from error

    def _callbacks(self) -> MultipartCallbacks:
        return {
            "on_header_field": lambda data, start, end: self._name.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._end_header,
            "on_headers_finished": self._begin_content,
            "on_part_data": lambda data, start, end: self._content.append(data[start:end]),
            "on_part_end": self._end_part,
            "on_end": self._end,
        }

    def parts(self) -> Iterator[Part]:
        """Return the parts; of each the content has to be taken first."""
        count = 0
        while (found := self._next()) is not None:
            if isinstance(found, Part):
                count += 1
                if count > PARTS_MOST:
                    raise _too_many()
                found.content = self._content_of_part()
                yield found
                for _ in found.content:
                    pass

    def _content_of_part(self) -> Iterator[bytes]:
        while (found := self._next()) is not None and found is not _PartEnd:
            if isinstance(found, bytes):
                yield found

    def _next(self) -> object | None:
        """Return a part's beginning, a piece of its content, its end; None at the end of all."""
        while not self._found:
            piece = next(self._pieces, None)
            if piece is None:
                if not self._is_whole:
                    raise _malformed()
                return None
            self._write(piece)
        return self._found.popleft()

    def _write(self, piece: bytes) -> None:
        if self._is_content(piece):
            self._found.append(piece)
            return
        if not self._has_begun:  # the parser skips more than line ends here, and how much depends on the pieces
            piece = piece.lstrip(b"\r\n")
            self._has_begun = bool(piece)
        self._delimiters += piece.count(self._delimiter)
        if self._delimiters > 2 * PARTS_MOST:
            raise _too_many()
        try:
            self._parser.write(piece)
        except FormParserError as error:
            raise _malformed() from error
        self._keep_content()

    def _is_content(self, piece: bytes) -> bool:
        """Say whether all of a piece belongs to the part that is being read, as most of a large file does: it is looked
        through once then, and passed on as it came."""
        parser, delimiter = self._parser, self._delimiter
        if parser.state != MultipartState.PART_DATA or parser.index or delimiter in piece:
            return False
        line_end = piece.rfind(b"\r", max(0, len(piece) - len(delimiter) + 1))
        return line_end < 0 or not delimiter.startswith(piece[line_end:])

    def _end_header(self) -> None:
        self._header_bytes += len(self._name) + len(self._value)
        if self._header_bytes > ALL_HEADERS_BYTES:
            raise _too_many()
        self._headers.setdefault(bytes(self._name).lower(), bytes(self._value))
        self._name.clear()
        self._value.clear()

    def _begin_content(self) -> None:
        self._found.append(Part(self._headers))
        self._headers = {}

    def _keep_content(self) -> None:
        """Put what came of a part together: the parser hands on each line end that might begin a boundary by itself."""
        if self._content:
            self._found.append(self._content[0] if len(self._content) == 1 else b"".join(self._content))
            self._content.clear()

    def _end_part(self) -> None:
        self._keep_content()
        self._found.append(_PartEnd)

    def _end(self) -> None:
        self._is_whole = True


def _malformed() -> Refused:
    return refused(400, "MALFORMED", "The multipart body is malformed.")


def _too_many() -> Refused:
    return refused(413, "TOO_MANY_FIELDS", f"The submission has too many parts: {PARTS_MOST} are the limit.")
