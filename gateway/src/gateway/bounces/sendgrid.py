"""SendGrid's calls, each with many events, and a signature over a moment and the body (ECDSA, P-256, SHA-256).

Source: Twilio's documentation, "Event Webhook Security Features" and "Event Webhook Reference".
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from gateway.bounces.told import Told, check_age, document_of, forged, malformed, moment_at, objects, text
from gateway.http.request import Headers
from shared.contracts import BounceKind
from shared.links.bounce import MARK

EVENTS_MOST = 5000

_SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
_TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"
_HARD = frozenset({"Invalid Address", "Unclassified", ""})
"""The classes of bounces that speak of the address. The others speak of the mail, of us, or of this moment."""

_DROPPED: Mapping[str, BounceKind] = {"Bounced Address": "hard", "Spam Reporting Address": "complaint"}


def public_key(text_: str) -> EllipticCurvePublicKey:
    """Read the verification key that SendGrid shows, base64 of DER; raises ValueError."""
    try:
        key = load_der_public_key(b64decode(text_, validate=True))
    except (ValueError, binascii.Error) as error:
        raise ValueError("no key") from error
    if not isinstance(key, EllipticCurvePublicKey):
        raise ValueError("a key of another kind")  # noqa: TRY004 - as for anything else that is none
    return key


@dataclass(frozen=True, slots=True)
class SendGrid:
    """Takes calls that are signed with the other half of this key."""

    key: EllipticCurvePublicKey
    clock: Callable[[], datetime]

    def read(self, headers: Headers, body: bytes) -> Sequence[Told]:
        """Return what a call tells; see `told.Hook`."""
        timestamp = headers.get(_TIMESTAMP, "")
        try:
            signature = b64decode(headers.get(_SIGNATURE, ""), validate=True)
            self.key.verify(signature, timestamp.encode("latin-1", "replace") + body, ECDSA(SHA256()))
        except (InvalidSignature, ValueError, binascii.Error):
            raise forged() from None
        check_age(moment_at(timestamp), self.clock())
        document = document_of(body)
        if not isinstance(document, list) or len(document) > EVENTS_MOST:
            raise malformed()
        return [told for event in objects(document) if (told := _told(event))]


def _told(event: Mapping[str, Any]) -> Told | None:
    kind, address, key = _kind(event), text(event, "email"), text(event, "sg_event_id")
    if kind is None or not address or not key:
        return None
    return Told(key, kind, address, text(event, MARK) or None, text(event, "status"), text(event, "reason"))


def _kind(event: Mapping[str, Any]) -> BounceKind | None:
    name = text(event, "event")
    if name == "spamreport":
        return "complaint"
    if name == "dropped":
        return _DROPPED.get(text(event, "reason"))
    if name != "bounce":
        return None  # one that is deferred is tried again
    is_soft = text(event, "type") == "blocked" or text(event, "status").startswith("4.")
    return "soft" if is_soft or text(event, "bounce_classification") not in _HARD else "hard"
