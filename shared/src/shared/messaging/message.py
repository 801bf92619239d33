"""A message as it is published, before any transport sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.contracts import Announcement, SubmissionAccepted, encode, encode_announcement
from shared.messaging.topology import EVENTS, LIVE, WITH_WEBHOOK

ATTEMPT_HEADER = "x-attempt"
FAILURES_HEADER = "x-failures"
REASON_HEADER = "x-reason"
PARKED_FROM_HEADER = "x-parked-from"
PARKED_FOR_HEADER = "x-parked-for"
PARKED_AT_HEADER = "x-parked-at"
PARKING_HEADER = "x-parking"
"""Names one parking, so that a message that comes twice from the parked queue is told from one parked twice."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message: where it goes, what it is, and its body. `expiration_ms` is its own time to live."""

    exchange: str
    routing_key: str
    type: str
    message_id: str
    body: bytes
    headers: Mapping[str, str | int] = field(default_factory=dict)
    expiration_ms: int | None = None


def message_of(
    event: SubmissionAccepted, *, headers: Mapping[str, str | int] | None = None, has_webhook: bool = False
) -> Message:
    """Return the message that publishes an accepted submission to every service."""
    return Message(
        exchange=EVENTS,
        routing_key=WITH_WEBHOOK if has_webhook else event.TYPE,
        type=event.TYPE,
        message_id=str(event.id),
        body=encode(event),
        headers={ATTEMPT_HEADER: 0, **(headers or {})},
    )


def announcement_message(announcement: Announcement) -> Message:
    """Return the message that announces something to the watchers of a receipt."""
    return Message(
        exchange=LIVE,
        routing_key=announcement.TYPE,
        type=announcement.TYPE,
        message_id="",
        body=encode_announcement(announcement),
    )
