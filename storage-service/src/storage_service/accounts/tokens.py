"""Makes the tokens of sessions, links and devices, of which only a hash is kept."""

from __future__ import annotations

import hashlib
import re
import secrets

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def new_token() -> str:
    """Return a new token: 256 random bits, as 43 characters that may stand in an address and in a cookie."""
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> str | None:
    """Return the SHA-256 of a token in hex; None for what is no token. A fast hash will do: it is random.

    Whoever looks for a hash in an index learns nothing about others from how long that takes: they know no token that
    has a hash near to another's.
    """
    if not _TOKEN.fullmatch(token):
        return None
    return hashlib.sha256(token.encode("ascii")).hexdigest()


def new_hashed() -> tuple[str, str]:
    """Return a new token and its hash."""
    token = new_token()
    return token, hashlib.sha256(token.encode("ascii")).hexdigest()
