"""Makes and reads cursors: each names the position behind which a page of parked messages starts."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

Position: TypeAlias = tuple[datetime, str]
"""A message's place in the order: when it was parked, and its id."""


def sort_key(entry: Mapping[str, Any]) -> tuple[str, str]:
    """Return what entries are sorted by, of one service or of several: moments are text of one length."""
    return entry["parked_at"], entry["id"]


def cursor_of(entry: Mapping[str, Any]) -> str:
    """Return an entry's position as text that may stand in an address."""
    return base64.urlsafe_b64encode(" ".join(sort_key(entry)).encode()).decode().rstrip("=")


def position_of(cursor: str) -> Position:
    """Read what `cursor_of` wrote; raises ValueError for anything else."""
    padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
    moment, parked_id = base64.urlsafe_b64decode(padded).decode("ascii").split(" ")
    if not parked_id.isalnum():
        raise ValueError("no id")
    try:
        return datetime.fromisoformat(moment).astimezone(UTC), parked_id
    except OverflowError as error:
        raise ValueError("no moment") from error
