"""Makes names of what strangers called their files: names that lead nowhere, and hide nothing."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

from shared.text import REORDERING, one_line

NAME_BYTES = 150
"""The most bytes that a name has: file systems take 255, with what a browser adds, such as ` (1)`."""

_ENDING_MOST = 16
NO_NAME = "file"
_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')
"""What is a path, or no name on Windows."""

_UNSEEN = {0x200B: None, 0x200E: None, 0x200F: None, 0x061C: None, 0xFEFF: None, **REORDERING}
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)", re.IGNORECASE)


def safe_name(name: str, most: int = NAME_BYTES) -> str:
    """Return a name of so many bytes that any file system takes as one name.

    It has no control or reordering characters, and no dot in front.
    """
    made = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode("utf-8"))
    made = _UNSAFE.sub("_", one_line(made).translate(_UNSEEN))
    made = _shortened(made.lstrip(" .-~").rstrip(" ."), most)
    return f"_{made}" if _RESERVED.match(made) else made or NO_NAME


def _shortened(name: str, most: int) -> str:
    """Return a name of so many bytes at most, which keeps its ending."""
    if len(name.encode()) <= most:
        return name
    ending = PurePosixPath(name).suffix[:_ENDING_MOST]
    room = most - len(ending.encode())
    stem = name.removesuffix(PurePosixPath(name).suffix).encode()[:room].decode(errors="ignore")
    return f"{stem.rstrip(' .')}{ending}"
