"""Takes out of a WebP what is no picture: Exif, XMP, unknown chunks, and all that follows its end (RFC 9649).

The size of the whole stands at the front, before anybody knows what is in it. So nothing changes its size: what goes
is written over with zeros, under a name that every reader passes by.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.files import orientation
from gateway.files.stream import Stream
from shared.files import PIECE_BYTES

_FRONT_BYTES, _HEADER_BYTES = 12, 8
_EXIF_MOST = 64 * 1024
_PASSED_BY = b"JUNK"
_HAS_XMP = 0x04
_DRAWN = frozenset({b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"})


def stripped(stream: Stream) -> Iterator[bytes]:
    """Yield the picture. What is cut off stays so; raises `Damaged` where it has more chunks than any."""
    front = stream.read(_FRONT_BYTES)
    yield front
    left = int.from_bytes(front[4:8], "little") - (_FRONT_BYTES - 8)
    while left >= _HEADER_BYTES:
        stream.count()
        header = stream.read(_HEADER_BYTES)
        if len(header) < _HEADER_BYTES:
            return
        left -= _HEADER_BYTES
        name, size = header[:4], int.from_bytes(header[4:], "little")
        size = min(size + size % 2, left)
        left -= size
        yield from _chunk(stream, name, header[4:], size)
    yield from _zeros(stream.skip(left))
    stream.drain()


def _chunk(stream: Stream, name: bytes, said: bytes, size: int) -> Iterator[bytes]:
    if name in _DRAWN:
        yield name + said
        yield from stream.pass_on(size)
    elif name == b"VP8X":
        flags = stream.read(min(size, 1))
        yield name + said + bytes(flag & ~_HAS_XMP for flag in flags)
        yield from stream.pass_on(size - 1)
    elif name == b"EXIF" and size <= _EXIF_MOST:
        yield name + said + _turned(stream.read(size))
    else:
        yield _PASSED_BY + said
        yield from _zeros(stream.skip(size))


def _turned(exif: bytes) -> bytes:
    """Return a block of the same size, with the orientation alone."""
    kept = orientation.kept(exif.removeprefix(b"Exif\x00\x00")) or orientation.EMPTY
    return kept.ljust(len(exif), b"\x00")[: len(exif)]


def _zeros(count: int) -> Iterator[bytes]:
    while count > 0:
        yield bytes(min(count, PIECE_BYTES))
        count -= PIECE_BYTES
