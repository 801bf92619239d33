"""Says under which key a preview is kept: one for all files that are the same, byte for byte."""

from __future__ import annotations

import re

PREFIX = "previews"
"""A form of this name has keys with a day behind it, never a hash."""

_KEY = re.compile(rf"{PREFIX}/([0-9a-f]{{64}})")


def preview_key(sha256: str) -> str:
    """Return the key of the preview of a file with this hash (hex)."""
    return f"{PREFIX}/{sha256}"


def hash_in(key: str) -> str | None:
    """Return the hash of the file that a key is the preview of; None for any other key."""
    found = _KEY.fullmatch(key)
    return found[1] if found else None
