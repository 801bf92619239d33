"""Makes the event that every peer publishes, with the same members as Counterfoil's own."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from uuid import uuid4

EXCHANGE = "counterfoil.events"
ROUTING_KEY = "submission.accepted.v1"


def signup_event(fields: dict[str, str], ip: str | None, user_agent: str | None) -> tuple[str, bytes]:
    """Return the id and the body of the event for an accepted signup."""
    submission_id = str(uuid4())
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    document = {
        "id": submission_id,
        "form": "signup",
        "accepted_at": datetime.now(UTC).isoformat(),
        "fields": fields,
        "fingerprint": hashlib.sha256(canonical.encode()).hexdigest(),
        "source": {"ip": ip, "user_agent": user_agent},
    }
    return submission_id, json.dumps(document, separators=(",", ":")).encode()
