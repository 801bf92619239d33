"""Makes a page's response: it loads files of ours alone, nobody frames it, and no cache keeps it."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # the addresses of links that work once are for us alone
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Vary": "Cookie, HX-Request",
}


def html(text: str, status: int = 200, *, form_actions: Sequence[str] = ()) -> Response:
    """Return a page; `form_actions` are where its forms may lead beside our own addresses: an origin, `mailto:`."""
    targets = " ".join(["'self'", *form_actions])
    policy = (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
        f"form-action {targets}; base-uri 'none'; frame-ancestors 'none'"
    )
    headers = {**_HEADERS, "Content-Security-Policy": policy}
    return Response(text, status, headers, content_type="text/html; charset=utf-8")
