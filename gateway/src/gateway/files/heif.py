"""Takes out of a HEIC or AVIF what is no picture: Exif, XMP, unknown boxes, such as the film of a motion photo.

Its index names places in the file by their offsets. So nothing changes its size: what goes is written over. How the
picture is turned does not stand in Exif here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gateway.files.damage import Damaged
from gateway.files.heif_index import Place, telling
from gateway.files.stream import Stream

_HEADER_BYTES = 8
_INDEX_MOST = 1024 * 1024
_INDEXES_MOST = 4
"""There is one (ISO/IEC 14496-12, 8.11.1); to read it costs a thousand times what its bytes do."""

_PLACES_MOST = 200
_PICTURE = frozenset({b"ftyp", b"mdat", b"moov", b"moof", b"styp"})
_TO_THE_END = 2**62


def stripped(stream: Stream) -> Iterator[bytes]:
    """Yield the picture. Raises `Damaged` where its index cannot be read, or stands behind what it is to lead to."""
    places: list[Place] = []
    return _covered(_boxes(stream, places), places)


def _boxes(stream: Stream, places: list[Place]) -> Iterator[bytes]:
    at, indexes = 0, 0
    while len(header := stream.read(_HEADER_BYTES)) == _HEADER_BYTES:
        stream.count()
        size, name = int.from_bytes(header[:4], "big"), header[4:]
        if size == 1:
            header += stream.read(8)
            size = int.from_bytes(header[8:], "big")
        left = size - len(header) if size else _TO_THE_END
        if left < 0:
            raise Damaged
        at += len(header)
        if name == b"meta":
            indexes += 1
            if indexes > _INDEXES_MOST:
                raise Damaged
            index = _index(stream, left)
            if len(index) < left:
                return
            places += sorted(telling(index, at), key=lambda place: place.start)
            if len(places) > _PLACES_MOST:
                raise Damaged
            yield header + index
        elif name in _PICTURE:
            yield header
            yield from stream.pass_on(left)
        else:
            yield header[:4] + b"free" + header[8:]
            yield from (bytes(len(piece)) for piece in stream.pass_on(left))
        at += left


def _index(stream: Stream, size: int) -> bytes:
    if size > _INDEX_MOST:
        raise Damaged
    return stream.read(size)


def _covered(pieces: Iterable[bytes], places: list[Place]) -> Iterator[bytes]:
    """Yield the pieces, with what is in these places written over; more places may come with each piece."""
    at, known = 0, 0
    for piece in pieces:
        if any(place.start < at for place in places[known:]):
            raise Damaged
        known = len(places)
        yield _over(piece, at, places)
        at += len(piece)


def _over(piece: bytes, at: int, places: list[Place]) -> bytes:
    end = at + len(piece)
    for place in places:
        start, stop = max(place.start, at), min(place.end, end)
        if start < stop:
            cover = place.cover[start - place.start : stop - place.start].ljust(stop - start, b"\x00")
            piece = piece[: start - at] + cover + piece[stop - at :]
    return piece
