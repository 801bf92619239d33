"""Reads the idempotency key of a request."""

from __future__ import annotations

import re

from gateway.http.errors import refused

LENGTH_MOST = 255
_KEY = re.compile(r"[\x20-\x7e]+")


def key_of(header: str | None, field: str | None) -> str | None:
    """Return the key of a request, from its header or its hidden field; None without one.

    Raises `Refused` (400) for a key over 255 characters or with others than printable ASCII, for two headers (WSGI
    joins them with a comma, so a key cannot hold one), and where header and field differ. An empty header is no key,
    and the server empties one that is not ASCII: whoever sent it relies on it, and has to be told.
    """
    if header == "":
        raise refused(400, "IDEMPOTENCY_KEY", "The Idempotency-Key is empty, or not ASCII.")
    if header and "," in header:
        raise refused(400, "IDEMPOTENCY_KEY", "Send one Idempotency-Key, without a comma in it.")
    if header and field and header != field:
        raise refused(400, "IDEMPOTENCY_KEY", "The Idempotency-Key header and the hidden field differ.")
    key = header or field
    if not key:
        return None
    if len(key) > LENGTH_MOST or not _KEY.fullmatch(key):
        raise refused(
            400, "IDEMPOTENCY_KEY", f"An idempotency key is at most {LENGTH_MOST} printable ASCII characters."
        )
    return key
