"""`delivery.settled.v1` tells storage what became of deliveries that are out of the ordinary, many in one message.

That is what has failed or is held, and whatever becomes of it later: sent after all, cancelled, under way again.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from shared.contracts.delivery import NO_REQUEST
from shared.contracts.event import InvalidEvent
from shared.contracts.members import (
    Document,
    count_of,
    document_in,
    member,
    moment_of,
    short_text,
    short_text_or_none,
    utc_text,
    uuid_of,
)
from shared.contracts.registry import register

SETTLED_MOST = 500
"""How many deliveries one message tells of, at most."""

TEXT_MOST = 500
NAME_MOST = 64
ATTEMPTS_MOST = 1_000_000
_DEPTH_MOST = 4
_NAME = re.compile(r"[a-z][a-z_.-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """What has become of one delivery, since `changed_at`, after so many attempts. It holds no address.

    `state` is `pending` (under way, or about to be), `sent`, `failed`, `held`, `cancelled`, or one of a later version.
    `request` names the request that asked for it, all zeros where the submission itself did. `reason` is a class of
    failure, such as `rcpt 550` or `limit source`; `words` say the same to an owner. `form` is None where nobody knows.
    """

    submission_id: UUID
    delivery_id: UUID
    channel: str
    destination_shown: str
    state: str
    attempts: int
    changed_at: datetime
    form: str | None = None
    request: UUID = NO_REQUEST
    reason: str | None = None
    words: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            "submission": str(self.submission_id),
            "delivery": str(self.delivery_id),
            "form": self.form,
            "channel": self.channel,
            "destination": self.destination_shown,
            "request": str(self.request),
            "state": self.state,
            "attempts": self.attempts,
            "reason": self.reason,
            "words": self.words,
            "changed_at": utc_text(self.changed_at),
        }

    @classmethod
    def of_document(cls, document: Document) -> DeliveryState:
        """Read what `to_json` wrote; raises `InvalidEvent`."""
        request = document.get("request")
        return cls(
            submission_id=uuid_of(member(document, "submission", str), "submission"),
            delivery_id=uuid_of(member(document, "delivery", str), "delivery"),
            channel=_name(document, "channel"),
            destination_shown=short_text(document, "destination", TEXT_MOST),
            state=_name(document, "state"),
            attempts=count_of(document, "attempts", ATTEMPTS_MOST),
            changed_at=moment_of(member(document, "changed_at", str), "changed_at"),
            form=short_text_or_none(document, "form", NAME_MOST),
            request=NO_REQUEST if request is None else uuid_of(member(document, "request", str), "request"),
            reason=short_text_or_none(document, "reason", TEXT_MOST),
            words=short_text_or_none(document, "words", TEXT_MOST),
        )


@register
@dataclass(frozen=True, slots=True)
class DeliverySettled:
    """So many deliveries, 1 to `SETTLED_MOST`; `id` is the message's own."""

    TYPE: ClassVar[str] = "delivery.settled.v1"

    id: UUID
    deliveries: tuple[DeliveryState, ...]

    def encode(self) -> bytes:
        """Return it as the body of a message."""
        document = {"id": str(self.id), "deliveries": [one.to_json() for one in self.deliveries]}
        return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode("utf-8")

    @classmethod
    def decode(cls, body: bytes) -> DeliverySettled:
        """Read a message body; raises `InvalidEvent`."""
        document = document_in(body, most_depth=_DEPTH_MOST)
        told = member(document, "deliveries", list)
        if not 1 <= len(told) <= SETTLED_MOST:
            raise InvalidEvent(f"deliveries: {len(told)}, expected 1 to {SETTLED_MOST}")
        return cls(
            uuid_of(member(document, "id", str), "id"), tuple(_state(one, number) for number, one in enumerate(told))
        )


def _state(told: object, number: int) -> DeliveryState:
    if not isinstance(told, dict):
        raise InvalidEvent(f"deliveries[{number}]: expected dict, got {type(told).__name__}")
    try:
        return DeliveryState.of_document(told)
    except InvalidEvent as error:
        raise InvalidEvent(f"deliveries[{number}].{error}") from None


def _name(document: Document, name: str) -> str:
    value = short_text(document, name, NAME_MOST)
    if not _NAME.fullmatch(value):
        raise InvalidEvent(f"{name}: no name in small letters")
    return value
