"""A parked message as a service shows it."""

from __future__ import annotations

from typing import Any

_AT = "2026-11-22T17:03:44.000000Z"


def parked_entry(parked_id: str, **others: Any) -> dict[str, Any]:
    """Return one with all that `parked.show` tells."""
    return {
        "id": parked_id,
        "message_id": "m-1",
        "type": "submission.accepted.v1",
        "queue": "counterfoil.storage",
        "kind": "invalid",
        "reason": "not UTF-8 at byte 3",
        "state": "waiting",
        "size_bytes": 1234,
        "parkings": 1,
        "parked_at": _AT,
        "age_s": 60,
        "changed_at": _AT,
        "changed_by": None,
        "note": None,
        "headers": {"x-reason": "not UTF-8 at byte 3"},
        "encoding": "json",
        "content": {"form": "signup"},
        "truncated": False,
        "actions": [{"at": _AT, "action": "parked", "by": None, "note": None}],
    } | others
