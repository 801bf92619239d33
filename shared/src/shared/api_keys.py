"""Makes API keys and checks them by their hashes: reading the configuration lets nobody in."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence

from environs import FileAwareEnv
from marshmallow import ValidationError

PREFIX = "cf_"
OPERATOR_PREFIX = "cf_op_"

_HASH = re.compile(r"[0-9a-f]{64}")


def new_key(prefix: str = PREFIX) -> str:
    """Return a new key: 256 random bits."""
    return prefix + secrets.token_urlsafe(32)


def hash_of(key: str) -> str:
    """Return the SHA-256 of a key, in hex. A fast hash will do: a key is random, not a password."""
    return hashlib.sha256(key.encode("utf-8")).hexdigest()


def is_known(key: str, hashes: Sequence[str]) -> bool:
    """Return whether a key belongs to one of the hashes, comparing with every one in constant time."""
    own = hash_of(key)
    return sum(hmac.compare_digest(own, known) for known in hashes) > 0


def key_hashes(env: FileAwareEnv, name: str) -> tuple[str, ...]:
    """Read a setting of hashes of keys, with commas between; none by default."""
    return _parts(env.str(name, "", validate=_are_hashes) or "")


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip().lower() for part in text.split(",") if part.strip())


def _are_hashes(text: str) -> None:
    if not all(map(_HASH.fullmatch, _parts(text))):
        raise ValidationError("expected SHA-256 hashes in hex, with commas between")
