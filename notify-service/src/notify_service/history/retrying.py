"""Answers a query over the broker: which deliveries are tried again by themselves, and why. A page at a time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import Engine

from notify_service.channels.registry import told_as
from notify_service.history.printing import document
from notify_service.history.selecting import Which, moment_of, selected
from shared.database import iso
from shared.messaging.broker import Answer, Params, QueryMethod

LIMIT_MOST = 200

_TOLD = ("id", "submission", "form", "destination", "attempts", "changed_at", "next_attempt_at", "error", "reason")


def methods(engine: Engine) -> Mapping[str, QueryMethod]:
    """Return the method `retrying` by its name.

    {"forms": names or null for all, "limit": 50, "after": [moment, id] or null} answers {"deliveries": [...], "next":
    …}: what changed last before all else; `next` is what `after` takes for the next page, null at the end. Raises
    ValueError for another place, and `DependencyUnavailable`.
    """

    def retrying(params: Params) -> Answer:
        forms = params.get("forms")
        which = Which(
            "retrying",
            after=_place(params.get("after")),
            forms=None if forms is None else tuple(str(one) for one in forms),
        )
        limit = max(1, min(int(params["limit"]), LIMIT_MOST))
        rows = list(selected(engine, which, limit + 1))
        shown = rows[:limit]
        told = [{**{name: document(row)[name] for name in _TOLD}, "channel": told_as(row.channel)} for row in shown]
        last = shown[-1] if len(rows) > limit else None
        return {"deliveries": told, "next": None if last is None else [iso(moment_of(which, last)), str(last.id)]}

    return {"retrying": retrying}


def _place(told: object) -> tuple[datetime, UUID] | None:
    if told is None:
        return None
    if not isinstance(told, list | tuple) or len(told) != 2:
        raise ValueError("after: expected a moment and an id")
    return datetime.fromisoformat(str(told[0])), UUID(str(told[1]))
