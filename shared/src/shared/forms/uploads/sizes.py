"""Reads and writes sizes of files, such as `10 MB`."""

from __future__ import annotations

import re

KB, MB, GB = 1024, 1024**2, 1024**3
"""What these are here: the larger of two meanings, so that a file which some system shows as 10 MB is one."""

_UNITS = {"kb": KB, "mb": MB}
_SHOWN = ((GB, "GB"), (MB, "MB"), (KB, "kB"))
_SYNTAX = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?) ?([kKmM][bB])")


def parse_size(text: str) -> int:
    """Return a size in bytes, from 1; raises ValueError with what is wrong."""
    found = _SYNTAX.fullmatch(text)
    size = int(float(found[1]) * _UNITS[found[2].lower()]) if found else 0
    if size < 1:
        raise ValueError("expected a number and kB or MB, such as 10 MB")
    return size


def size_text(size: int) -> str:
    """Return a size as people read it: `800 bytes`, `512 kB`, `2.5 MB`, `1.5 GB`."""
    if size < KB:
        return f"{size} byte{'' if size == 1 else 's'}"
    unit, name = next(one for one in _SHOWN if size >= one[0] - one[0] // KB // 20)
    return f"{size / unit:.1f}".removesuffix(".0") + f" {name}"
