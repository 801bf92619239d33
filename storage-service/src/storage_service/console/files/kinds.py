"""Says as what a file is served. Only what no browser runs keeps its type; all else is bytes."""

from __future__ import annotations

import re

BYTES = "application/octet-stream"

_HARMLESS = re.compile(
    r"image/(?:jpeg|png|gif|webp|avif|heic|heif|tiff|bmp)"
    r"|(?:audio|video)/[a-z0-9.+-]{1,60}"
    r"|application/(?:pdf|zip|gzip|msword|rtf|vnd\.(?:openxmlformats-officedocument|oasis\.opendocument|ms-)[a-z0-9.-]{1,80})"
    r"|text/(?:plain|csv)"
)
_RUN_ALL_THE_SAME = re.compile(r"\+?(?:xml|html|javascript)$|-html|xhtml|ms-htmlhelp|xul")


def served_kind(found: str) -> str:
    """Return the type to serve a file as: the type that was found in it, where a browser runs nothing of that type."""
    kind = found.partition(";")[0].strip().lower()
    if not _HARMLESS.fullmatch(kind) or _RUN_ALL_THE_SAME.search(kind):
        return BYTES
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
