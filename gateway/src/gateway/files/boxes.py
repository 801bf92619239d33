"""Tells apart what begins with a box that names its contents: ISO media files, RIFF and Matroska."""

from __future__ import annotations

from collections.abc import Mapping

_BRANDS: Mapping[bytes, str] = {
    **dict.fromkeys((b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"), "image/heic"),
    **dict.fromkeys((b"avif", b"avis"), "image/avif"),
    **dict.fromkeys((b"M4A ", b"M4B ", b"M4P "), "audio/mp4"),
    b"qt  ": "video/quicktime",
}
_RIFF: Mapping[bytes, str] = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_BRANDS_MOST = 20


def container(head: bytes) -> str | None:
    """Return the MIME type of a file that begins with a box; None where it does not."""
    if head[4:8] == b"ftyp":
        return _media(head)
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12])
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    return "video/quicktime" if head[4:8] in {b"moov", b"mdat", b"wide", b"free", b"skip"} else None


def _media(head: bytes) -> str:
    """Return what the first brand says, or where that is a general one, another."""
    first = head[8:12]
    if first == b"mif1" and b"avif" in _others(head):
        return "image/avif"
    return _BRANDS.get(first) or ("video/3gpp" if first.startswith(b"3g") else "video/mp4")


def _others(head: bytes) -> list[bytes]:
    end = min(int.from_bytes(head[:4], "big"), 16 + 4 * _BRANDS_MOST, len(head))
    return [head[at : at + 4] for at in range(16, end, 4)]
