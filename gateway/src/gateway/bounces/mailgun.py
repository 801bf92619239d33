"""Mailgun's calls. Each has a signature of a moment and a token that it uses once (HMAC with SHA-256).

The signature says nothing of the body: so what is told is known by the token, and a second call with it changes
nothing.
Source: Mailgun's documentation, "Securing webhooks" and "Webhook payloads".
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.bounces.told import Told, check_age, document_of, forged, inside, malformed, moment_at, text
from gateway.http.request import Headers
from shared.contracts import BounceKind
from shared.links.bounce import MARK, token_in

_TOKEN_MOST = 100
_FOR_NOW = frozenset({"old", "espblock", "generic", "suppress-unsubscribe"})


@dataclass(frozen=True, slots=True)
class Mailgun:
    """Takes calls that are signed with this key, the account's HTTP webhook signing key."""

    key: str
    clock: Callable[[], datetime]

    def read(self, headers: Headers, body: bytes) -> Sequence[Told]:  # noqa: ARG002 - see `told.Hook`
        """Return what a call tells; see `told.Hook`."""
        document = document_of(body)
        timestamp, token = text(document, "signature", "timestamp"), text(document, "signature", "token")
        expected = hmac.digest(self.key.encode(), f"{timestamp}{token}".encode("utf-8", "replace"), "sha256").hex()
        given = text(document, "signature", "signature")
        if not token or not hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace")):
            raise forged()
        check_age(moment_at(timestamp), self.clock())
        event = inside(document, "event-data")
        kind, address = _kind(event), text(event, "recipient")
        if kind is None:
            return []
        if not address:
            raise malformed()
        mark = text(event, "user-variables", MARK) or token_in(text(event, "envelope", "sender"))
        status = inside(event, "delivery-status")
        said = text(status, "message") or text(status, "description") or text(event, "reason")
        return [Told(token[:_TOKEN_MOST], kind, address, mark or None, text(status, "enhanced-code"), said)]


def _kind(event: Any) -> BounceKind | None:
    name, reason = text(event, "event"), text(event, "reason")
    if name == "complained" or (name == "failed" and reason == "suppress-complaint"):
        return "complaint"
    if name != "failed" or text(event, "severity") != "permanent" or reason == "suppress-unsubscribe":
        return None  # one that is temporary is tried again
    is_soft = reason in _FOR_NOW or text(event, "delivery-status", "bounce-type") == "soft"
    return "soft" if is_soft else "hard"
