"""An authenticator in software: what it answers a test may change, as no browser would let it."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import token_bytes
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Authenticator:
    """Has one passkey at most. `flags` say that somebody is there, and who it is."""

    origin: str
    flags: int = PRESENT | VERIFIED
    counter: int = 0
    counts: bool = True
    credential: bytes = field(default_factory=lambda: token_bytes(16))
    user: bytes = b""
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def create(self, options: str, **others: Any) -> str:
        """Answer `navigator.credentials.create`; `others` replace members of the client data."""
        asked = json.loads(options)
        self.user = _bytes(asked["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + len(self.credential).to_bytes(2, "big") + self.credential + cbor2.dumps(cose)
        data = self._data(asked["rp"]["id"], ATTESTED) + attested
        response = {
            "clientDataJSON": _text(self._client_data("webauthn.create", asked, others)),
            "attestationObject": _text(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
            "transports": ["internal", "hybrid"],
        }
        return self._answer(response)

    def get(self, options: str, **others: Any) -> str:
        """Answer `navigator.credentials.get`."""
        asked = json.loads(options)
        self.counter += self.counts
        client_data, data = self._client_data("webauthn.get", asked, others), self._data(asked["rpId"])
        signature = self.key.sign(data + sha256(client_data).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": _text(client_data),
            "authenticatorData": _text(data),
            "signature": _text(signature),
            "userHandle": _text(self.user),
        }
        return self._answer(response)

    def _data(self, party: str, flags: int = 0) -> bytes:
        return sha256(party.encode()).digest() + bytes([self.flags | flags]) + self.counter.to_bytes(4, "big")

    def _client_data(self, kind: str, asked: dict[str, Any], others: dict[str, Any]) -> bytes:
        said = {"type": kind, "challenge": asked["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps({**said, **others}).encode()

    def _answer(self, response: dict[str, Any]) -> str:
        own = _text(self.credential)
        return json.dumps({"id": own, "rawId": own, "type": "public-key", "response": response})


def _text(given: bytes) -> str:
    return urlsafe_b64encode(given).decode().rstrip("=")


def _bytes(given: str) -> bytes:
    return urlsafe_b64decode(given + "=" * (-len(given) % 4))
