"""Says whether a file is locked by a password, where its head tells: then nothing can look into it.

A 7z archive tells so at its end alone, a PDF likewise; and most PDFs that are encrypted open without a password.
"""

from __future__ import annotations

from gateway.files import office, signatures

_ZIP_FLAGS = 0x0001 | 0x2000
"""An entry is encrypted; names are hidden too (APPNOTE 4.4.4)."""

_PACKAGE = "EncryptedPackage".encode("utf-16-le")
"""The stream that holds a document of Office 2007 and later under a password (MS-OFFCRYPTO, 2.3.4.4)."""

_WORD, _WORD_AT, _WORD_ENCRYPTED = b"\xec\xa5", 512, 0x01
"""An old Word document, where its header usually stands, and its flag (MS-DOC, 2.5.2: fEncrypted)."""

_RAR4, _RAR5 = b"Rar!\x1a\x07\x00", b"Rar!\x1a\x07\x01\x00"
_RAR4_LOCKED, _RAR4_FILE, _RAR4_FILE_LOCKED = 0x0080, 0x74, 0x04
_RAR5_LOCKED, _RAR5_FILE = 4, 2
_BLOCKS_MOST = 5


def is_locked(head: bytes, held: str) -> bool:
    """Return whether the head of an archive or an Office document, which `held` names, says that it has a password."""
    if head.startswith(b"PK"):
        return any(entry.flags & _ZIP_FLAGS for entry in office.entries(head))
    if head.startswith(_RAR5):
        return _is_rar5_locked(head)
    if head.startswith(_RAR4):
        return _is_rar4_locked(head)
    return held == signatures.OLE and (_PACKAGE in head or _is_word_locked(head))


def _is_word_locked(head: bytes) -> bool:
    return head.startswith(_WORD, _WORD_AT) and any(
        byte & _WORD_ENCRYPTED for byte in head[_WORD_AT + 11 : _WORD_AT + 12]
    )


def _is_rar4_locked(head: bytes) -> bool:
    at = len(_RAR4)
    for _ in range(_BLOCKS_MOST):
        kind, flags, size = head[at + 2 : at + 3], head[at + 3 : at + 5], head[at + 5 : at + 7]
        if len(size) < 2:
            return False
        said = int.from_bytes(flags, "little")
        if kind[0] == _RAR4_FILE:
            return bool(said & _RAR4_FILE_LOCKED)
        if said & _RAR4_LOCKED:
            return True
        at += max(int.from_bytes(size, "little"), 7)
    return False


def _is_rar5_locked(head: bytes) -> bool:
    at = len(_RAR5)
    for _ in range(_BLOCKS_MOST):
        size, start = _number(head, at + 4)
        kind, then = _number(head, start)
        if kind == _RAR5_LOCKED:
            return True
        flags, then = _number(head, then)
        if kind == _RAR5_FILE:
            return bool(flags & 1) and _has_key(head, start + size, _number(head, then)[0])
        if not size or flags & 2:
            return False
        at = start + size
    return False


def _has_key(head: bytes, end: int, extra: int) -> bool:
    """Return whether the records at the end of a file's header begin with the one of its key (type 1)."""
    _, then = _number(head, end - extra)
    return 0 < extra <= end <= len(head) and _number(head, then)[0] == 1


def _number(head: bytes, at: int) -> tuple[int, int]:
    """Return a number of seven bits a byte, and where it ends; 0 behind the end."""
    value = 0
    for index, byte in enumerate(head[max(0, at) : at + 10]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, at + index + 1
    return 0, at + 10
