"""Opens what was sealed, with the private halves of its keys."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from functools import lru_cache
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.contracts import JsonValue
from shared.sealing.form import NONCE_BYTES, PUBLIC_BYTES, VERSION, cipher_of, place_of, unpadded
from shared.sealing.keys import OpeningKey

_AGREEMENTS_MOST = 1024
_SHOWN_MOST = 64


class Unopened(Exception):
    """A value that cannot be opened; the text says why, and shows nothing of it."""


class KeyMissing(Unopened):
    """The key that a value is sealed to is not here."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"the key {key_id} is not here")
        self.key_id = key_id


class Spoiled(Unopened):
    """What is there was not sealed for this place, or is not whole."""

    def __init__(self) -> None:
        super().__init__("it was not sealed for this place, or is not whole")


class Opener:
    """Opens with any of some keys. Threads may share it."""

    def __init__(self, keys: Iterable[OpeningKey]) -> None:
        self.keys: Mapping[str, OpeningKey] = {one.id: one for one in keys}
        self._agreed = lru_cache(_AGREEMENTS_MOST)(self._agree)

    def open(self, form: str, submission_id: UUID, name: str, sealed: str) -> JsonValue:
        """Return a value that was sealed for this place; raises `KeyMissing` or `Spoiled`."""
        version, _, rest = sealed.partition(":")
        key_id, _, text = rest.partition(":")
        if version != VERSION:
            raise Spoiled
        if key_id not in self.keys:
            raise KeyMissing(key_id[:_SHOWN_MOST])
        try:
            return self._opened(key_id, base64.b64decode(text, validate=True), place_of(form, submission_id, name))
        except (binascii.Error, ValueError, InvalidTag, msgspec.MsgspecError) as error:
            raise Spoiled from error

    def _opened(self, key_id: str, raw: bytes, place: bytes) -> JsonValue:
        public, nonce, text = raw[:PUBLIC_BYTES], raw[PUBLIC_BYTES:][:NONCE_BYTES], raw[PUBLIC_BYTES + NONCE_BYTES :]
        value: JsonValue = msgspec.msgpack.decode(unpadded(self._agreed(key_id, public).decrypt(nonce, text, place)))
        return value

    def _agree(self, key_id: str, public: bytes) -> AESGCM:
        key = self.keys[key_id]
        secret = key.private.exchange(X25519PublicKey.from_public_bytes(public))
        return cipher_of(secret, public, key.sealing.raw)
