"""Asks notify what it tries again by itself, and reads what it tells as a row of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.database import iso
from storage_service.accounts.asker import Asker
from storage_service.console.asking import Asking
from storage_service.console.pages.deliveries.asked import Asked
from storage_service.records import Cursor


@dataclass(frozen=True, slots=True)
class Retried:
    """A delivery that is tried again. The members are those of `Listed`, and when the next try is."""

    id: UUID
    submission_id: UUID
    form: str | None
    channel: str
    destination: str
    attempts: int
    reason: str | None
    words: str | None
    changed_at: datetime
    next_attempt_at: datetime | None
    state: str = "retrying"
    is_sendable: bool = False


def retrying_of(
    asking: Asking, asked: Asked, who: Asker, limit: int, place: Cursor | None
) -> tuple[Sequence[Retried], Cursor | None] | None:
    """Return a page, and the place behind it, if there is more; None where notify does not tell just now.

    Channels and ages are left out of the question: what is retried is over within days.
    """
    forms = who.forms
    if asked.form:
        forms = frozenset({asked.form}) if who.may_see(asked.form) else frozenset()
    after = None if place is None else [iso(place.moment), str(place.id)]
    answer = asking.retrying(forms, limit, after)
    if answer is None:
        return None
    told = answer["next"]
    last = Cursor("older", datetime.fromisoformat(told[0]), UUID(told[1])) if told else None
    return [_row(one) for one in answer["deliveries"]], last


def _row(told: Mapping[str, Any]) -> Retried:
    at = told["next_attempt_at"]
    return Retried(
        id=UUID(told["id"]),
        submission_id=UUID(told["submission"]),
        form=told["form"],
        channel=told["channel"],
        destination=told["destination"],
        attempts=told["attempts"],
        reason=told["error"],
        words=told["reason"],
        changed_at=datetime.fromisoformat(told["changed_at"]),
        next_attempt_at=datetime.fromisoformat(at) if at else None,
    )
