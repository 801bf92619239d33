"""The link by which whoever gets a mail has no more of them: in its header `List-Unsubscribe`, and in its text.

It is good for ever: mails lie about for years, and who wants no more is not to be told that they are too late.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Final

from shared.links.signing import UNSUBSCRIBE, Signer

PATH: Final = "/unsubscribe/"
"""Where a gateway takes it: the token follows."""

SHOWN_MOST = 80
"""Characters of a shown address that a token has: more are left out."""


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """What a link says: whose mailbox (`AddressKey.of`), which form's mails, and which of them stop: `all`, `digests`.

    `shown` is what may be seen of the address.
    """

    address_hash: str
    form: str
    stops: str
    shown: str


class UnsubscribeLinks:
    """Signs links and reads them back. A token is `hash.form.stops.shown.signature`, with `shown` in base64."""

    def __init__(self, secret: str) -> None:
        self._signer = Signer(secret, UNSUBSCRIBE)

    def sign(self, link: Unsubscribe) -> str:
        """Return the token of a link, fit to stand in an address."""
        shown = urlsafe_b64encode(link.shown[:SHOWN_MOST].encode("utf-8", "replace")).rstrip(b"=").decode()
        return self._signer.sign(f"{link.address_hash}.{link.form}.{link.stops}.{shown}")

    def read(self, token: str) -> Unsubscribe | None:
        """Return the link of a token; None for one that was forged, cut, or is of another secret."""
        content = self._signer.read(token)
        if content is None:
            return None
        address_hash, form, stops, shown = content.split(".")
        padded = shown + "=" * (-len(shown) % 4)
        return Unsubscribe(address_hash, form, stops, urlsafe_b64decode(padded).decode())
