"""Seals values to a public key. Nothing here can open them."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.contracts import JsonValue
from shared.sealing.form import NONCE_BYTES, VERSION, cipher_of, padded, place_of
from shared.sealing.keys import SealingKey

EPHEMERAL_S = 60.0
"""How long one ephemeral pair is used: the agreement costs more than all the rest."""

_encode = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True, slots=True)
class _Ephemeral:
    until: float
    public: bytes
    cipher: AESGCM = field(repr=False)


class Sealer:
    """Seals to one key. Threads may share it; each process makes its own, and its own ephemeral pairs."""

    def __init__(self, key: SealingKey, clock: Callable[[], float] = time.monotonic) -> None:
        self.key = key
        self._head = f"{VERSION}:{key.id}:"
        self._clock = clock
        self._ephemeral = self._begin()

    def seal(self, form: str, submission_id: UUID, values: Mapping[str, JsonValue]) -> dict[str, str]:
        """Return the values by name, each sealed for its place."""
        current = self._ephemeral
        if self._clock() >= current.until:
            current = self._ephemeral = self._begin()
        return {name: self._sealed(current, place_of(form, submission_id, name), one) for name, one in values.items()}

    def _sealed(self, current: _Ephemeral, place: bytes, value: JsonValue) -> str:
        nonce = os.urandom(NONCE_BYTES)
        sealed = current.cipher.encrypt(nonce, padded(_encode(value)), place)
        return f"{self._head}{base64.b64encode(current.public + nonce + sealed).decode('ascii')}"

    def _begin(self) -> _Ephemeral:
        """Make a pair. Its private half is gone when this returns: what is left opens nothing that others seal."""
        private = X25519PrivateKey.generate()
        public = private.public_key().public_bytes_raw()
        cipher = cipher_of(private.exchange(self.key.public), public, self.key.raw)
        return _Ephemeral(self._clock() + EPHEMERAL_S, public, cipher)


def key_id_of(sealed: str) -> str:
    """Return to which key a value is sealed; empty for a text that no sealer wrote."""
    version, _, rest = sealed.partition(":")
    key_id, found, _ = rest.partition(":")
    return key_id if version == VERSION and found else ""
