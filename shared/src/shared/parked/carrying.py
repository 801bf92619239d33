"""Says which submission a parked message carries, whatever it is."""

from __future__ import annotations

import json
from datetime import datetime
from uuid import UUID


def carried(body: bytes, message_id: str) -> tuple[UUID, datetime | None] | None:
    """Return which submission a message carries, by its body, else by its id, and when that was accepted, where it
    says so. It never raises: what is parked may be anything."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    inner = document.get("submission", document) if isinstance(document, dict) else None
    told = inner if isinstance(inner, dict) else {}
    key = _uuid(told.get("id")) or _uuid(message_id)
    return None if key is None else (key, _moment(told.get("accepted_at")))


def _uuid(told: object) -> UUID | None:
    try:
        return UUID(told) if isinstance(told, str) else None
    except ValueError:
        return None


def _moment(told: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(told) if isinstance(told, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None
