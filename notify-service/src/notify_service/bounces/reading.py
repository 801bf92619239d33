"""Reads a mail that came back, as bytes: which delivery it speaks of, and what it says. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from hashlib import sha256
from itertools import islice
from uuid import UUID, uuid5

from notify_service.bounces import reports, unformed
from notify_service.bounces.found import Judged
from notify_service.bounces.mime import BYTES_MOST, parsed
from shared.links.bounce import BounceAddress, BounceTokens

TOKENS_MOST = 20
"""How many tokens of one mail are looked at: each of ours is there a few times at most."""

_RECIPIENTS = ("Delivered-To", "X-Original-To", "X-Delivered-To", "Envelope-To", "X-Envelope-To", "To")


@dataclass(frozen=True, slots=True)
class Found:
    """A delivery that a mail speaks of, and what it says. `id` is the same whenever the same mail is read again."""

    id: UUID
    delivery_id: UUID
    judged: Judged


@dataclass(frozen=True, slots=True)
class BounceMails:
    """Reads mails that came back to an address of ours."""

    address: BounceAddress
    tokens: BounceTokens

    def read(self, raw: bytes) -> Found | None:
        """Return what a mail says of one of our mails; None where that is nothing, or no mail of ours.

        Only a delivery whose token is genuine counts: whoever has one can speak of that one delivery, and of no other.
        Raises `found.Unreadable`.
        """
        message = parsed(raw)
        delivery_id = self._delivery(message, raw)
        if delivery_id is None:
            return None
        judged = reports.judged(message) if reports.is_report(message) else unformed.judged(message)
        if judged is None:
            return None
        return Found(uuid5(delivery_id, sha256(raw[:BYTES_MOST]).hexdigest()), delivery_id, judged)

    def _delivery(self, message: Message, raw: bytes) -> UUID | None:
        """Return the delivery of the first genuine token: of those that got the mail, else of the mail it brings."""
        tokens = islice(dict.fromkeys(self._tokens(message, raw)), TOKENS_MOST)
        return next((found for token in tokens if (found := self.tokens.read(token))), None)

    def _tokens(self, message: Message, raw: bytes) -> Iterator[str]:
        for name in _RECIPIENTS:
            for value in message.get_all(name, []):
                yield from self.address.tokens_in(str(value))
        yield from self.address.tokens_in(raw[:BYTES_MOST].decode("latin-1"))
