"""`delivery.requested.v1` asks notify to send again: one delivery, or all that a submission's channel has.

It carries the accepted event whole, because notify keeps no fields.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from shared.contracts.delivery import NO_REQUEST
from shared.contracts.event import InvalidEvent
from shared.contracts.members import document_in, member, moment_of, short_text, utc_text, uuid_of
from shared.contracts.registry import register
from shared.contracts.strict_json import MAX_DEPTH
from shared.contracts.submission import SubmissionAccepted, document_of

REQUESTED_BY_MOST = 200
REQUESTED_BY_VISITOR = "visitor"
"""Who asked, where whoever submitted did so on the page of their receipt: a stranger, so that caps count it."""

_CHANNEL_MOST = 64


@register
@dataclass(frozen=True, slots=True)
class DeliveryRequested:
    """A request to send again, known by `id`, which is never all zeros.

    `delivery_id` is the one that failed or is held; None asks for all that the channel has for this submission.
    `requested_by` is who asked (a user, a command), at most 200 characters.
    """

    TYPE: ClassVar[str] = "delivery.requested.v1"

    id: UUID
    channel: str
    submission: SubmissionAccepted
    requested_by: str
    requested_at: datetime
    delivery_id: UUID | None = None

    def encode(self) -> bytes:
        """Return it as the body of a message; the submission's document goes into it as it came."""
        head = {
            "request": str(self.id),
            "channel": self.channel,
            "delivery": None if self.delivery_id is None else str(self.delivery_id),
            "requested_by": self.requested_by,
            "requested_at": utc_text(self.requested_at),
        }
        text = json.dumps(head, separators=(",", ":"), ensure_ascii=False)
        return f'{text[:-1]},"submission":{document_of(self.submission)}}}'.encode()

    @classmethod
    def decode(cls, body: bytes) -> DeliveryRequested:
        """Read a message body; raises `InvalidEvent`."""
        document = document_in(body, most_depth=MAX_DEPTH + 2)
        request = uuid_of(member(document, "request", str), "request")
        if request == NO_REQUEST:
            raise InvalidEvent("request: all zeros name none")
        told = document.get("delivery")
        return cls(
            id=request,
            channel=short_text(document, "channel", _CHANNEL_MOST),
            submission=SubmissionAccepted.of_document(member(document, "submission", dict)),
            requested_by=short_text(document, "requested_by", REQUESTED_BY_MOST),
            requested_at=moment_of(member(document, "requested_at", str), "requested_at"),
            delivery_id=None if told is None else uuid_of(member(document, "delivery", str), "delivery"),
        )
