"""Shows an owner the deliveries of a submission, as notify tells them."""

from __future__ import annotations

from typing import Any

from shared.messaging.broker import Answer

_SETTLED = frozenset({"sent", "failed", "cancelled"})
_UNKNOWN = ("id", "destination", "error", "reason", "limit", "requested_by", "created_at", "next_attempt_at")


def deliveries_of(notified: Answer) -> list[dict[str, Any]]:
    """Return the deliveries of all channels. One that is not settled, and whose message waits for a person, has
    `parked_at`.

    A notify service of an earlier version tells less: then what it does not tell is null.
    """
    found: list[dict[str, Any]] | None = notified.get("deliveries")
    if found is None:
        earlier = [*notified.get("confirmations", []), *notified.get("webhooks", [])]
        found = [{**one, "changed_at": one.get("at"), "tries": []} for one in earlier]
        for one in found:
            one.pop("at", None)
    parked = notified.get("parked", {})
    found = [{**dict.fromkeys(_UNKNOWN), **one} for one in found]
    return [{**one, "parked_at": None if one["state"] in _SETTLED else parked.get(one["channel"])} for one in found]
