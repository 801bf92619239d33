"""The two halves of a pair of keys, as they are written down: `cfseal_…` seals, and `cfopen_…` opens."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

SEALING_PREFIX = "cfseal_"
OPENING_PREFIX = "cfopen_"
KEYS_MOST = 100

_BYTES = 32
_ID_DIGITS = 12


class WrongKey(ValueError):
    """A text that is no key of its kind. What it says shows nothing of the text."""


@dataclass(frozen=True, slots=True)
class SealingKey:
    """The public half, to which values are sealed. `id` names the pair, in every value that is sealed to it."""

    public: X25519PublicKey = field(compare=False)
    raw: bytes

    @property
    def id(self) -> str:
        """Return the first digits of the SHA-256 of the public half."""
        return hashlib.sha256(self.raw).hexdigest()[:_ID_DIGITS]

    def __str__(self) -> str:
        """Return it as it is written down."""
        return SEALING_PREFIX + _text_of(self.raw)

    @classmethod
    def read(cls, text: str) -> SealingKey:
        """Read what `str` wrote; raises `WrongKey`."""
        if text.startswith(OPENING_PREFIX):
            raise WrongKey(
                f"this is a key that opens, and stands where only {SEALING_PREFIX}… belongs: "
                "take it away from here, and make another pair"
            )
        raw = _bytes_of(text, SEALING_PREFIX)
        return cls(X25519PublicKey.from_public_bytes(raw), raw)


@dataclass(frozen=True, slots=True)
class OpeningKey:
    """The private half."""

    private: X25519PrivateKey = field(repr=False, compare=False)
    sealing: SealingKey

    @property
    def id(self) -> str:
        """Return what the pair is called."""
        return self.sealing.id

    def written(self) -> str:
        """Return it as it is written down: whoever has it opens what is sealed to the pair."""
        return OPENING_PREFIX + _text_of(self.private.private_bytes_raw())

    @classmethod
    def read(cls, text: str) -> OpeningKey:
        """Read what `written` wrote; raises `WrongKey`."""
        if text.startswith(SEALING_PREFIX):
            raise WrongKey(f"this is a key that seals: expected one that opens, {OPENING_PREFIX}…")
        return _of_private(X25519PrivateKey.from_private_bytes(_bytes_of(text, OPENING_PREFIX)))


def new_key() -> OpeningKey:
    """Return a new pair."""
    return _of_private(X25519PrivateKey.generate())


def opening_keys(text: str) -> tuple[OpeningKey, ...]:
    """Read keys with commas, spaces or line ends between, the newest first; each once. Raises `WrongKey`."""
    found: Sequence[str] = text.replace(",", " ").split()
    if len(found) > KEYS_MOST:
        raise WrongKey(f"expected {KEYS_MOST} keys at most")
    return tuple({one.id: one for one in map(OpeningKey.read, found)}.values())


def _of_private(private: X25519PrivateKey) -> OpeningKey:
    public = private.public_key()
    return OpeningKey(private, SealingKey(public, public.public_bytes_raw()))


def _text_of(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def _bytes_of(text: str, prefix: str) -> bytes:
    try:
        raw = base64.b64decode(text.removeprefix(prefix) + "=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not text.startswith(prefix) or len(raw) != _BYTES:
        raise WrongKey(f"expected a key such as {prefix}…, as `seal new` makes it")
    return raw
