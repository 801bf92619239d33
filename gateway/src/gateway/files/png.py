"""Takes out of a PNG what is no picture: Exif, texts, XMP, the time, unknown chunks, and all that follows its end.

What stays is needed to draw it (PNG, third edition, 5.6 and 11), animations too.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from gateway.files import orientation
from gateway.files.damage import Damaged
from gateway.files.stream import Stream

_SIGNATURE_BYTES = 8
_HEADER_BYTES, _CHECK_BYTES = 8, 4
_SIZE_MOST = 2**31 - 1
_EXIF_MOST = 64 * 1024
_NAME = re.compile(rb"[A-Za-z]{4}")
_DRAWN = frozenset(
    b"tRNS cHRM gAMA iCCP sBIT sRGB cICP mDCV mDCv cLLI cLLi bKGD hIST pHYs sPLT sTER acTL fcTL fdAT".split()
)
"""Chunks that a reader may ignore, and that change what is seen. Those that none may ignore begin with a capital."""


def stripped(stream: Stream) -> Iterator[bytes]:
    """Yield the picture. What is cut off stays so; raises `Damaged` where a chunk is none."""
    yield stream.read(_SIGNATURE_BYTES)
    name = b""
    while name != b"IEND":
        stream.count()
        header = stream.read(_HEADER_BYTES)
        if len(header) < _HEADER_BYTES:
            return
        size, name = int.from_bytes(header[:4], "big"), header[4:]
        if size > _SIZE_MOST or not _NAME.fullmatch(name):
            raise Damaged
        if name[:1].isupper() or name in _DRAWN:
            yield header
            yield from stream.pass_on(size + _CHECK_BYTES)
        elif name == b"eXIf" and size <= _EXIF_MOST:
            yield _turned(stream.read(size + _CHECK_BYTES)[:size])
        else:
            stream.skip(size + _CHECK_BYTES)
    stream.drain()


def _turned(exif: bytes) -> bytes:
    kept = orientation.kept(exif)
    if kept is None:
        return b""
    chunk = b"eXIf" + kept
    return len(kept).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big")
