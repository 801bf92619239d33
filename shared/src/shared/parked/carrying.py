"""Says which submission a parked message carries, whatever it is, and which files."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.contracts.parts.submitted_file import is_key


def carried(body: bytes, message_id: str) -> tuple[UUID, datetime | None] | None:
    """Return which submission a message carries, by its body, else by its id, and when that was accepted, where it
    says so. It never raises: what is parked may be anything."""
    told = _submission_in(body)
    key = _uuid(told.get("id")) or _uuid(message_id)
    return None if key is None else (key, _moment(told.get("accepted_at")))


def file_keys_in(body: bytes) -> list[str]:
    """Return under which keys the files lie of the submission that a message carries. It never raises either."""
    if b'"files"' not in body:
        return []
    files = _submission_in(body).get("files")
    told = [one.get("key") for one in files if isinstance(one, dict)] if isinstance(files, list) else []
    return [key for key in told if isinstance(key, str) and is_key(key)]


def _submission_in(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    inner = document.get("submission", document) if isinstance(document, dict) else None
    return inner if isinstance(inner, dict) else {}


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
