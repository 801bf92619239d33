"""Keys of files: parts with slashes between, nothing of which means anything to a file system or in an address."""

from __future__ import annotations

import re

MOST_CHARACTERS = 512

_PART = r"[A-Za-z0-9_-][A-Za-z0-9._-]*"
_KEY = re.compile(rf"{_PART}(?:/{_PART})*")
PROBES = "_probe"
"""What probes are under."""

NOTES = "_notes"
"""What is under here is about the store itself."""

_OURS = (PROBES, NOTES)
"""No form has such a name, and a listing that does not ask for these has none."""


def checked(key: str) -> str:
    """Return the key; raises `ValueError` for one that no store takes. No part is empty or begins with a dot."""
    if len(key) > MOST_CHARACTERS or not _KEY.fullmatch(key):
        raise ValueError(f"not a key of a file: {key[:MOST_CHARACTERS]!r}")
    return key


def checked_prefix(prefix: str) -> str:
    """Return whole parts that keys begin with, or nothing for all; raises `ValueError`."""
    return checked(prefix) if prefix else ""


def is_listed(key: str, prefix: str) -> bool:
    """Say whether a listing of this prefix has this key: it is below, and of what is ours only if asked for."""
    below = f"{prefix}/" if prefix else ""
    return key.startswith(below) and (prefix in _OURS or key.partition("/")[0] not in _OURS)
