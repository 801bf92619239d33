"""Postmark's calls. They have no signature: it sends the user and password of the address that it has (HTTP Basic).

Source: Postmark's documentation of its bounce and spam complaint webhooks, and of bounce types.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.bounces.told import Told, document_of, forged, malformed, text
from gateway.http.request import Headers
from shared.contracts import BounceKind
from shared.links.bounce import MARK

_KINDS: Mapping[str, BounceKind] = {
    "HardBounce": "hard",
    "BadEmailAddress": "hard",
    "SoftBounce": "soft",
    "DnsError": "soft",
    "Blocked": "soft",
    "SpamNotification": "soft",
    "DMARCPolicy": "soft",
    "Unknown": "soft",
    "SpamComplaint": "complaint",
}
"""All other types are no failure, or not yet one: `Transient` is tried again, `AutoResponder` is somebody away."""


@dataclass(frozen=True, slots=True)
class Postmark:
    """Takes calls with this `user:password`."""

    credentials: str

    def read(self, headers: Headers, body: bytes) -> Sequence[Told]:
        """Return what a call tells; see `told.Hook`."""
        expected = f"Basic {b64encode(self.credentials.encode()).decode('ascii')}"
        given = headers.get("Authorization", "")
        if not hmac.compare_digest(expected.encode(), given.encode("latin-1", "replace")):
            raise forged()
        document = document_of(body)
        if not isinstance(document, dict):
            raise malformed()
        is_told = text(document, "RecordType") in {"Bounce", "SpamComplaint"}
        kind = _KINDS.get(text(document, "Type"))
        address, key = text(document, "Email"), text(document, "ID") or text(document, "MessageID")
        if not is_told or kind is None:
            return []
        if not address or not key:
            raise malformed()
        said = text(document, "Details") or text(document, "Description")
        return [Told(f"{kind} {key}", kind, address, text(document, "Metadata", MARK) or None, said=said)]
