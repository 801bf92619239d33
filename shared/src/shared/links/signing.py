"""Signs short texts for one purpose, and reads them back: a token of one purpose is worth nothing for another."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from typing import Final

OPT_IN: Final = "counterfoil.opt-in.v1"
UNSUBSCRIBE: Final = "counterfoil.unsubscribe.v1"
BOUNCE: Final = "counterfoil.bounce.v1"
SUPPRESSION: Final = "counterfoil.suppression.v1"

TOKEN_MOST = 500
"""How long a token may be, in characters: a longer one is not looked into."""


class Signer:
    """Signs for one purpose, with a key derived from the installation's secret by HMAC-SHA-256, as receipts are.

    Comparing takes constant time. Safe to use from many threads.
    """

    def __init__(self, secret: str, purpose: str) -> None:
        key = hmac.digest(secret.encode(), purpose.encode(), "sha256")
        # Prepared once: making the key ready takes longer than signing.
        self._mac = hmac.new(key, digestmod=hashlib.sha256)

    def mac(self, content: str) -> bytes:
        """Return the MAC of a text, 32 bytes: for what is no token, but a hash that only we can make."""
        mac = self._mac.copy()
        mac.update(content.encode("utf-8", "surrogatepass"))
        return mac.digest()

    def sign(self, content: str) -> str:
        """Return the token of a content: `content.signature`, the signature as base64 for addresses, 43 characters."""
        signature = urlsafe_b64encode(self.mac(content)).rstrip(b"=").decode("ascii")
        return f"{content}.{signature}"

    def read(self, token: str) -> str | None:
        """Return the content of a token; None for one that was forged, cut, or signed for something else.

        Only the very text that `sign` gives is taken: it is made again, for base64 writes one signature in many ways.
        """
        if len(token) > TOKEN_MOST or not token.isascii():
            return None
        content = token.rpartition(".")[0]
        is_ours = hmac.compare_digest(self.sign(content).encode("ascii"), token.encode("ascii"))
        return content if is_ours else None
