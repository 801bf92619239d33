"""Tells apart what is packed as a ZIP: Office's documents, OpenDocument, EPUB, and plain archives.

Nothing is unpacked: names stand in the headers before the packed bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

ZIP = "application/zip"
_HEADER = b"PK\x03\x04"
_HEADER_BYTES = 30
_ENTRIES_MOST = 500
_NAME_BYTES = 100

_OOXML = "application/vnd.openxmlformats-officedocument"
_FOLDERS: Mapping[bytes, str] = {
    b"word/": f"{_OOXML}.wordprocessingml.document",
    b"xl/": f"{_OOXML}.spreadsheetml.sheet",
    b"ppt/": f"{_OOXML}.presentationml.presentation",
}
_SAID: Mapping[bytes, str] = {
    mime.encode(): mime
    for mime in (
        "application/vnd.oasis.opendocument.text",
        "application/vnd.oasis.opendocument.spreadsheet",
        "application/vnd.oasis.opendocument.presentation",
        "application/epub+zip",
    )
}


@dataclass(frozen=True, slots=True)
class Entry:
    """What a local header says (APPNOTE 4.3.7): the file's name, its flags, and where its bytes begin."""

    name: bytes
    flags: int
    at: int


def entries(head: bytes) -> Iterator[Entry]:
    """Yield the entries whose headers are in the head of a ZIP, at most 500."""
    at = 0
    for _ in range(_ENTRIES_MOST):
        at = head.find(_HEADER, at)
        if at < 0 or at + _HEADER_BYTES > len(head):
            return
        flags = int.from_bytes(head[at + 6 : at + 8], "little")
        packed, name, extra = (
            int.from_bytes(head[at + start : at + end], "little") for start, end in ((18, 22), (26, 28), (28, 30))
        )
        begins = at + _HEADER_BYTES + name + extra
        yield Entry(head[at + _HEADER_BYTES :][: min(name, _NAME_BYTES)], flags, begins)
        at = begins + packed


def zipped(head: bytes) -> str | None:
    """Return the MIME type of what begins as a ZIP; None where it does not."""
    if not head.startswith((_HEADER, b"PK\x05\x06", b"PK\x07\x08")):
        return None
    for entry in entries(head):
        if entry.name == b"mimetype":
            said = head[entry.at : entry.at + _NAME_BYTES]
            return next((mime for start, mime in _SAID.items() if _says(said, start)), ZIP)
        for folder, mime in _FOLDERS.items():
            if entry.name.startswith(folder):
                return mime
    return ZIP


def _says(said: bytes, start: bytes) -> bool:
    return said.startswith(start) and not said.startswith(start + b"-")
