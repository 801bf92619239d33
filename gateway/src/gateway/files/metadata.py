"""Takes out of pictures what tells of the person who took them: the place, the time, the camera, names, previews.

JPEG, PNG, WebP, HEIC and AVIF are rewritten while they stream by. Their pixels stay bit by bit as they are: nothing
is decoded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from gateway.files import heif, jpeg, png, webp
from gateway.files.damage import Damaged
from gateway.files.stream import Stream
from gateway.http.errors import refused

_WORTH_BYTES = 64 * 1024
_BY_MIME: Mapping[str, Callable[[Stream], Iterator[bytes]]] = {
    "image/jpeg": jpeg.stripped,
    "image/png": png.stripped,
    "image/webp": webp.stripped,
    "image/heic": heif.stripped,
    "image/avif": heif.stripped,
}


def stripped(mime: str, pieces: Iterable[bytes], field: str | None = None) -> Iterator[bytes]:
    """Yield a file without its metadata, in pieces of 1 MB at most; one of another type as it is.

    All of `pieces` are read. Memory is bounded by a piece, and work by the bytes. What is cut off is handed on as far
    as it goes; raises `Refused` (422) on the way where a picture is so damaged that nobody can tell what is in it.
    """
    of_type = _BY_MIME.get(mime)
    if of_type is None:
        yield from pieces
        return
    try:
        yield from _gathered(of_type(Stream(pieces)))
    except Damaged as error:
        reason = "The picture is damaged. Open it, save it anew, and send it again."
        raise refused(422, "FILE_TYPE_NOT_ALLOWED", reason, field=field) from error


def _gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield small pieces together: each that goes on has a price."""
    gathered: list[bytes] = []
    size = 0
    for piece in pieces:
        if size + len(piece) > _WORTH_BYTES and gathered:
            yield b"".join(gathered)
            gathered, size = [], 0
        gathered.append(piece)
        size += len(piece)
    if size:
        yield b"".join(gathered)
