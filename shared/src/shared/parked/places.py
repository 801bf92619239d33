"""Where a page of parked messages goes on: a cursor is made of what an entry shows of itself."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

State: TypeAlias = Literal["waiting", "replayed", "discarded"]
Kind: TypeAlias = Literal["invalid", "refused", "bug", "poison", "limit", "other"]
"""Why something is parked: `limit` is the broker's delivery limit; for the others see `failures.ParkedFor`."""

Place: TypeAlias = tuple[datetime, str]

LIMIT_MOST = 200
REPLAY_MOST = 100
"""How many messages one query replays: others wait for their answers meanwhile, receipts among them."""

NOTE_MOST = 500
"""How many characters a reason for discarding may have."""


def order_of(entry: Mapping[str, Any]) -> tuple[str, str]:
    """Return what entries are sorted by, of one service or of several: moments are text of one length."""
    return entry["parked_at"], entry["id"]


def cursor_of(entry: Mapping[str, Any]) -> str:
    """Return an entry's place in the order, as text that may stand in an address."""
    return base64.urlsafe_b64encode(" ".join(order_of(entry)).encode()).decode().rstrip("=")


def place_of(cursor: str) -> Place:
    """Read what `cursor_of` wrote; raises ValueError for anything else."""
    padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
    moment, parked_id = base64.urlsafe_b64decode(padded).decode("ascii").split(" ")
    if not parked_id.isalnum():
        raise ValueError("no id")
    try:
        return datetime.fromisoformat(moment).astimezone(UTC), parked_id
    except OverflowError as error:
        raise ValueError("no moment") from error
