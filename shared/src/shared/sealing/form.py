"""What sealer and opener agree on: `v1:<id of the key>:<base64 of public half, nonce and ciphertext>`."""

from __future__ import annotations

import json
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VERSION = "v1"
PUBLIC_BYTES = 32
NONCE_BYTES = 12
_KEY_BYTES = 32
_PURPOSE = b"counterfoil sealed field v1"
_PAD_TO = 32
_END = b"\x80"


def cipher_of(secret: bytes, ephemeral: bytes, recipient: bytes) -> AESGCM:
    """Return the cipher of what two halves agree on, bound to both public halves."""
    key = HKDF(SHA256(), _KEY_BYTES, salt=None, info=_PURPOSE + ephemeral + recipient).derive(secret)
    return AESGCM(key)


def place_of(form: str, submission_id: UUID, name: str) -> bytes:
    """Return where a value belongs: in any other place it cannot be opened."""
    return json.dumps([VERSION, form, str(submission_id), name]).encode("ascii")


def padded(value: bytes) -> bytes:
    """Return a value with an end and zeros behind it: of a short one nobody sees how long it is."""
    return value + _END + bytes(-(len(value) + 1) % _PAD_TO)


def unpadded(value: bytes) -> bytes:
    """Return what was padded."""
    return value.rstrip(b"\x00")[:-1]
