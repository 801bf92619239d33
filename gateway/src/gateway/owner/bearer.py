"""Lets pass who brings a bearer key (RFC 6750; a scheme in any case, RFC 9110, section 11.1)."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Request

from gateway.http.errors import refused
from shared.api_keys import hash_of, is_known

_SCHEME = "bearer"


class KeyCheck:
    """Lets a request pass that brings a key of one of these hashes."""

    def __init__(self, hashes: Sequence[str], needed: str) -> None:
        self._hashes = tuple(hashes)
        self._needed = needed

    def __call__(self, request: Request) -> str:
        """Return a name of the key, which is not the key: the beginning of its hash. Raises `Refused` (401)."""
        scheme, _, key = request.headers.get("Authorization", "").strip().partition(" ")
        key = key.strip()
        if scheme.lower() != _SCHEME or not is_known(key, self._hashes):
            refusal = refused(401, "UNAUTHORIZED", self._needed)
            refusal.headers["WWW-Authenticate"] = 'Bearer realm="counterfoil"'
            raise refusal
        return f"key {hash_of(key)[:8]}"
