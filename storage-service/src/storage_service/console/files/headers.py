"""Makes the headers of what strangers sent: no browser guesses, frames or runs it, and no cache keeps it."""

from __future__ import annotations

from collections.abc import Mapping

from storage_service.console.files.kinds import served_kind
from storage_service.console.files.naming import disposition

_ALL: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-store",
    "X-Accel-Buffering": "no",
}
"""`no-store`: what is erased here stays in no browser's cache. A download goes on by ranges all the same."""


def of_a_file(name: str, kind: str, sha256: str) -> dict[str, str]:
    """Return the headers of a file as it was sent; it is saved, never shown."""
    return {
        **_ALL,
        "Content-Type": served_kind(kind),
        "Content-Disposition": disposition(name),
        "Accept-Ranges": "bytes",
        "ETag": f'"{sha256}"',
        "X-Download-Options": "noopen",
    }


def of_a_preview(sha256: str) -> dict[str, str]:
    """Return the headers of a small picture, which we made ourselves: it may be shown, as a picture."""
    return {
        **_ALL,
        "Content-Type": "image/webp",
        "Content-Disposition": 'inline; filename="preview.webp"',
        "ETag": f'"{sha256}-preview"',
    }
