"""What a webhook says, by the rules of Standard Webhooks: its id, and its body. The same for every attempt."""

from __future__ import annotations

import json
from datetime import UTC
from uuid import UUID

from shared.contracts import SubmissionAccepted

TYPE = "submission.accepted"

OWNER = "owner"
"""What stands for a webhook in the place of an address's hash: a form has one, whatever its address is by now."""

_COMPACT = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


def webhook_id(submission_id: UUID) -> str:
    """Return the header `webhook-id`, by which a receiver knows what it had before."""
    return f"accepted_{submission_id}"


def body_of(event: SubmissionAccepted) -> str:
    """Return the body: a JSON object with the event's type, when it took place, and its data."""
    accepted_at = event.accepted_at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    data = {
        "id": str(event.id),
        "form": event.form,
        "accepted_at": accepted_at,
        "reply_to": event.reply_address,
        "captcha": event.control.captcha,
        "fields": event.fields,
    }
    return _COMPACT.encode({"type": TYPE, "timestamp": accepted_at, "data": data})
