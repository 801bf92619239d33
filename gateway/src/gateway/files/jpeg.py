"""Takes out of a JPEG what is no picture: Exif, XMP, IPTC, comments, previews, and all that follows its end.

What stays is known and needed: tables, frames and scans, JFIF's density, ICC profiles, Adobe's colour transform, and
the orientation (ITU T.81, B.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.files import orientation
from gateway.files.damage import Damaged
from gateway.files.stream import Stream

_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_ALONE = {0x01, *range(0xD0, 0xD8)}
_APP0, _APP1, _APP2, _APP14 = 0xE0, 0xE1, 0xE2, 0xEE
_PICTURE = {*range(0xC0, 0xD0), _SCAN, 0xDB, 0xDC, 0xDD, 0xDE, 0xDF} - {0xC8}
_MARK, _NO_MARK = re.compile(b"\xff"), re.compile(b"[^\xff]")
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""What ends the coded bytes of a scan; 0xFF00 stands for a byte in it, 0xFFD0 to 0xFFD7 are marks within."""
_JFIF_BYTES, _ADOBE_BYTES = 12, 12


def stripped(stream: Stream) -> Iterator[bytes]:
    """Yield the picture. What is cut off stays so; raises `Damaged` where nobody can tell what is what."""
    yield stream.read(2)
    turned = False
    while stream.skip_to(_MARK):
        stream.count()
        code = _code(stream)
        if code is None or code == _END:
            break
        if code in _ALONE:
            yield bytes((0xFF, code))
        elif code not in {0x00, _START}:
            payload = _payload(stream)
            if payload is None:
                return
            kept = _kept(code, payload, turned=turned)
            turned = turned or (code == _APP1 and bool(kept))
            yield kept
            if code == _SCAN:
                yield from stream.pass_until(_AFTER_SCAN)
    else:
        return
    if code == _END:
        yield b"\xff\xd9"
    stream.drain()


def _code(stream: Stream) -> int | None:
    """Return the code of a mark, before which 0xFF may stand more than once."""
    return stream.read(1)[0] if stream.skip_to(_NO_MARK) else None


def _payload(stream: Stream) -> bytes | None:
    """Return what a segment holds, None where it is cut off."""
    length = stream.read(2)
    size = int.from_bytes(length, "big") - 2
    if len(length) == 2 and size < 0:
        raise Damaged
    payload = stream.read(size)
    return payload if len(payload) == size else None


def _kept(code: int, payload: bytes, *, turned: bool) -> bytes:
    """Return what stays of a segment."""
    if code == _APP0 and payload.startswith(b"JFIF\x00"):
        return _segment(code, payload[:_JFIF_BYTES] + b"\x00\x00")  # without its preview
    if code == _APP1 and payload.startswith(b"Exif\x00") and not turned:
        exif = orientation.kept(payload[6:])
        return _segment(code, b"Exif\x00\x00" + exif) if exif else b""
    if code == _APP14 and payload.startswith(b"Adobe"):
        return _segment(code, payload[:_ADOBE_BYTES])
    is_profile = code == _APP2 and payload.startswith(b"ICC_PROFILE\x00")
    return _segment(code, payload) if is_profile or code in _PICTURE else b""


def _segment(code: int, payload: bytes) -> bytes:
    return bytes((0xFF, code)) + (len(payload) + 2).to_bytes(2, "big") + payload
