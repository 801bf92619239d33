"""`delivery.missing.v1` asks storage for the events of deliveries whose messages are gone.

Storage has the fields: it answers with a `delivery.found.v1` for each whose submission it has.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from shared.contracts.delivery import NO_REQUEST, DeliveryDue
from shared.contracts.event import InvalidEvent
from shared.contracts.members import document_in, member, short_text, uuid_of
from shared.contracts.registry import register

MISSING_MOST = 500
"""How many deliveries one message names, at most."""

_CHANNEL_MOST = 64
_DESTINATION_MOST = 200
_DEPTH_MOST = 4


@dataclass(frozen=True, slots=True)
class Missing:
    """A delivery whose message is gone, named as in `DeliveryDue`."""

    submission_id: UUID
    delivery_id: UUID
    channel: str
    destination: str
    request: UUID = NO_REQUEST


@register
@dataclass(frozen=True, slots=True)
class DeliveryMissing:
    """So many deliveries, 1 to `MISSING_MOST`; `id` is the message's own."""

    TYPE: ClassVar[str] = "delivery.missing.v1"

    id: UUID
    deliveries: tuple[Missing, ...]

    def encode(self) -> bytes:
        """Return it as the body of a message."""
        named = [
            {
                "submission": str(one.submission_id),
                "delivery": str(one.delivery_id),
                "channel": one.channel,
                "destination": one.destination,
                "request": str(one.request),
            }
            for one in self.deliveries
        ]
        return json.dumps({"id": str(self.id), "deliveries": named}, separators=(",", ":")).encode("utf-8")

    @classmethod
    def decode(cls, body: bytes) -> DeliveryMissing:
        """Read a message body; raises `InvalidEvent`."""
        document = document_in(body, most_depth=_DEPTH_MOST)
        named = member(document, "deliveries", list)
        if not 1 <= len(named) <= MISSING_MOST:
            raise InvalidEvent(f"deliveries: {len(named)}, expected 1 to {MISSING_MOST}")
        return cls(uuid_of(member(document, "id", str), "id"), tuple(map(_missing, named)))


@register
@dataclass(frozen=True, slots=True)
class DeliveryFound:
    """The message of a delivery whose own is gone, for notify to publish."""

    TYPE: ClassVar[str] = "delivery.found.v1"

    due: DeliveryDue

    @property
    def id(self) -> UUID:
        """The delivery's id."""
        return self.due.id

    def encode(self) -> bytes:
        """Return it as the body of a message, which is that of the delivery's own."""
        return self.due.encode()

    @classmethod
    def decode(cls, body: bytes) -> DeliveryFound:
        """Read a message body; raises `InvalidEvent`."""
        return cls(DeliveryDue.decode(body))


def _missing(named: object) -> Missing:
    if not isinstance(named, dict):
        raise InvalidEvent(f"deliveries: expected objects, got {type(named).__name__}")
    return Missing(
        uuid_of(member(named, "submission", str), "submission"),
        uuid_of(member(named, "delivery", str), "delivery"),
        short_text(named, "channel", _CHANNEL_MOST),
        short_text(named, "destination", _DESTINATION_MOST),
        uuid_of(member(named, "request", str), "request"),
    )
