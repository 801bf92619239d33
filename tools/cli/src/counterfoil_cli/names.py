"""Makes names for files here of names that strangers chose: they lead nowhere, hide nothing, and overwrite nothing."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePath

NAME_BYTES = 150

_UNSAFE = re.compile(r'[/\\:*?"<>|]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)", re.IGNORECASE)


def local_name(name: str) -> str:
    """Return one name that any file system takes, without a dot or a dash in front."""
    seen = "".join(one if one.isprintable() else " " for one in unicodedata.normalize("NFC", name))
    seen = _UNSAFE.sub("_", " ".join(seen.split())).lstrip(" .-~").rstrip(" .")
    ending = PurePath(seen).suffix[:16]
    stem = seen.removesuffix(PurePath(seen).suffix).encode(errors="replace")[: NAME_BYTES - len(ending.encode())]
    made = f"{stem.decode(errors='ignore').rstrip(' .')}{ending}"
    return f"_{made}" if _RESERVED.match(made) else made or "file"


def numbered(name: str, number: int) -> str:
    """Return a name with a number before its ending: `cv (2).pdf`; the first has none."""
    return name if number < 2 else f"{PurePath(name).stem} ({number}){PurePath(name).suffix}"
