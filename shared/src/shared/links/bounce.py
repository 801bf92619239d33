"""The address that what cannot be delivered comes back to: it says which delivery it was (VERP), and proves it.

Variable envelope return paths: https://cr.yp.to/proto/verp.txt. A local part has 64 characters at most (RFC 5321,
section 4.5.3.1.1), and some mail server on the way may have changed the case of its letters.
"""

from __future__ import annotations

import hmac
import re
from base64 import b32decode, b32encode
from collections.abc import Iterator
from typing import Final
from uuid import UUID

from shared.links.signing import BOUNCE, Signer

TOKEN_LENGTH: Final = 40
"""16 bytes of an id and 9 of a MAC, as base32: no bit is left over, so a token is written in one way alone."""

LOCAL_MOST: Final = 64 - 1 - TOKEN_LENGTH
"""How long what stands before the plus may be."""

MARK: Final = "counterfoil"
"""What a token is called where a provider hands it back: in its headers, metadata, variables or tags."""

_ID_BYTES, _MAC_BYTES = 16, 9
_TOKEN = re.compile(rf"[a-z2-7]{{{TOKEN_LENGTH}}}")
_ADDRESS = re.compile(rf"[a-z0-9._-]{{1,{LOCAL_MOST}}}@[a-z0-9-]+(\.[a-z0-9-]+)*")


_PLUS = re.compile(rf"\+([a-z2-7]{{{TOKEN_LENGTH}}})@", re.IGNORECASE | re.ASCII)


def token_in(address: str) -> str | None:
    """Return the token of a return path, whatever address it is of; nobody has checked it."""
    found = _PLUS.search(address)
    return found[1] if found else None


class BounceTokens:
    """Makes tokens of deliveries, and reads them back. Safe to use from many threads."""

    def __init__(self, secret: str) -> None:
        self._signer = Signer(secret, BOUNCE)

    def sign(self, delivery_id: UUID) -> str:
        """Return the token of a delivery: 40 small letters and digits."""
        mac = self._signer.mac(delivery_id.hex)[:_MAC_BYTES]
        return b32encode(delivery_id.bytes + mac).decode("ascii").lower()

    def read(self, token: str) -> UUID | None:
        """Return the delivery of a token, in whatever case; None for one that was forged or cut. In constant time."""
        given = token.lower()
        if not _TOKEN.fullmatch(given):
            return None
        delivery_id = UUID(bytes=b32decode(given.upper())[:_ID_BYTES])
        return delivery_id if hmac.compare_digest(self.sign(delivery_id), given) else None


class BounceAddress:
    """Where bounces come back to: `bounces@example.org`; for each delivery `bounces+<token>@example.org`."""

    def __init__(self, address: str) -> None:
        """Raise ValueError where an address is none that a token fits into: see `LOCAL_MOST`."""
        self.address = address.strip().lower()
        if not _ADDRESS.fullmatch(self.address):
            raise ValueError(
                f"expected an address such as bounces@example.org, with {LOCAL_MOST} letters and digits at most before"
                " the @, and no plus"
            )
        self._local, _, self.domain = self.address.rpartition("@")
        self._found = re.compile(
            rf"(?<![\w.+-]){re.escape(self._local)}\+([a-z2-7]{{{TOKEN_LENGTH}}})@{re.escape(self.domain)}(?![\w.-])",
            re.IGNORECASE | re.ASCII,
        )

    def of(self, token: str) -> str:
        """Return the address of a token."""
        return f"{self._local}+{token}@{self.domain}"

    def tokens_in(self, text: str) -> Iterator[str]:
        """Yield the tokens of the addresses in a text, as they stand there; nobody has checked them."""
        return (found[1] for found in self._found.finditer(text))
