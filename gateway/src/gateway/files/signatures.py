"""Says what the first bytes of a file are. It trusts nothing but these; a name may say more (`types`)."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping

from gateway.files import boxes, office

OLE = "application/x-ole-storage"
"""What Word, Excel and PowerPoint wrote before 2007, and Windows' installers; also Office's encrypted documents."""

HTML, XML, SVG, PROGRAM = "text/html", "application/xml", "image/svg+xml", "application/x-program"
TEXT, BINARY, EMPTY = "text/plain", "application/octet-stream", "application/x-empty"

_STARTS: Mapping[bytes, str] = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
    b"II*\x00": "image/tiff",
    b"MM\x00*": "image/tiff",
    b"ID3": "audio/mpeg",
    b"fLaC": "audio/flac",
    b"#!AMR": "audio/amr",
    b"\xff\xf1": "audio/aac",
    b"\xff\xf9": "audio/aac",
    b"OggS\x00": "audio/ogg",
    b"\x00\x00\x01\xba": "video/mpeg",
    b"\x00\x00\x01\xb3": "video/mpeg",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": OLE,
    b"\x1f\x8b\x08": "application/gzip",
    b"7z\xbc\xaf\x27\x1c": "application/x-7z-compressed",
    b"Rar!\x1a\x07\x00": "application/vnd.rar",
    b"Rar!\x1a\x07\x01\x00": "application/vnd.rar",
    b"BZh": "application/x-bzip2",
    b"\xfd7zXZ\x00": "application/x-xz",
    b"\x28\xb5\x2f\xfd": "application/zstd",
    b"MZ": PROGRAM,
    b"\x7fELF": PROGRAM,
    b"\xca\xfe\xba\xbe": PROGRAM,  # of Java, and of macOS for more than one processor
    b"\xce\xfa\xed\xfe": PROGRAM,
    b"\xcf\xfa\xed\xfe": PROGRAM,
    b"\xfe\xed\xfa\xce": PROGRAM,
    b"\xfe\xed\xfa\xcf": PROGRAM,
    b"dex\n": PROGRAM,
    b"MSCF": PROGRAM,
    b"ITSF": PROGRAM,
    b"L\x00\x00\x00\x01\x14\x02\x00": PROGRAM,  # a shortcut of Windows, which runs what it names
}
_MP3_FRAME = re.compile(rb"\xff[\xf2\xf3\xfa\xfb][\x10-\xeb]", re.DOTALL)
_PDF_WITHIN = 1024
_BINARY = bytes({*range(0x20)} - {0x09, 0x0A, 0x0C, 0x0D, 0x1B})
"""What no text has (WHATWG, MIME Sniffing, 3): ESC is not among them."""

_TAGS = re.compile(
    rb"<(?:!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|!--)(?=[ >])",
    re.IGNORECASE,
)
"""What makes a browser show a file as a page, if nobody has told it what it is (WHATWG, MIME Sniffing, 7.1)."""
_SVG = re.compile(rb"<(?:svg|!doctype svg)[\s>/]", re.IGNORECASE)
_ALSO_PAGES = re.compile(rb"<(?:img|svg|embed|object|form|meta|link|base|input|video|audio)[\s>/]", re.IGNORECASE)
_SPACES = b"\t\n\x0c\r "


def content(head: bytes) -> str:
    """Return the MIME type of what begins so; `TEXT` for any text, `BINARY` where nothing is known of it."""
    if not head:
        return EMPTY
    text = _as_text(head)
    return _of_binary(head) if text is None else _of_text(text)


def _as_text(head: bytes) -> bytes | None:
    """Return the head in something like ASCII, None where it is no text."""
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if head.startswith(mark):
            return head[2:].decode(encoding, "replace").encode("utf-8", "replace")
    return None if len(head.translate(None, _BINARY)) < len(head) else head.removeprefix(codecs.BOM_UTF8)


def _of_text(text: bytes) -> str:
    start = text.lstrip(_SPACES)
    if b"%PDF-" in text[:_PDF_WITHIN] and not start.startswith(b"<"):
        return "application/pdf"
    if start.startswith(b"{\\rtf"):
        return "application/rtf"
    if _SVG.match(start):
        return SVG
    if _TAGS.match(start) or _ALSO_PAGES.match(start):
        return HTML
    if start.startswith((b"<?xml", b"<!DOCTYPE")):
        return SVG if _SVG.search(start) else HTML if re.search(rb"<html[\s>]", start, re.IGNORECASE) else XML
    return TEXT


def _of_binary(head: bytes) -> str:
    for start, mime in _STARTS.items():
        if head.startswith(start):
            return mime
    return boxes.container(head) or office.zipped(head) or _elsewhere(head)


def _elsewhere(head: bytes) -> str:
    if head[257:262] == b"ustar":
        return "application/x-tar"
    if head.startswith(b"BM") and head[6:10] == b"\x00\x00\x00\x00":
        return "image/bmp"
    if _MP3_FRAME.match(head):
        return "audio/mpeg"
    if _TAGS.match(head.lstrip(_SPACES)):
        return HTML  # with a NUL somewhere behind, which no browser minds
    return "application/pdf" if b"%PDF-" in head[:_PDF_WITHIN] else BINARY
