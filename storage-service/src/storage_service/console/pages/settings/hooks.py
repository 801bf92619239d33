"""`/console/settings/hooks`: which programs are called, who asked for it, and how that goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response

from storage_service.console.access import asker, needs
from storage_service.console.pages.frame import going, notices
from storage_service.console.pages.frame.renderer import Pages
from storage_service.console.parts import Parts
from storage_service.hooks import Hook, NoHook

HERE = "/console/settings/hooks"
ASKED_MOST = 100
"""Of how many notify is asked how they do: the newest that are called."""

ENDED: Mapping[str, str] = {
    "removed": "removed",
    "replaced": "asked for anew",
    "gone": "its address wanted no more (410)",
    "key": "its key has ended",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A hook, and when it was last called; None where that never was, or nobody knows."""

    hook: Hook
    is_good: bool
    sent_at: datetime | None = None
    failed_at: datetime | None = None
    why: str | None = None
    is_known: bool = True


def add(views: Blueprint, parts: Parts, pages: Pages) -> None:
    """Add the views."""

    @views.get(HERE)
    @needs("admin")
    def hooks() -> Response:
        found, now = parts.hooks.all(), parts.clock()
        asked = [one.id for one in found if one.is_good(now)][:ASKED_MOST]
        told = parts.asking.hooks(asked) if asked else {"hooks": {}}
        return pages.page(
            "settings/hooks.html",
            hooks=_shown(found, {} if told is None else told["hooks"], now),
            is_away=told is None,
            ended=ENDED,
        )

    @views.post(f"{HERE}/<uuid:id>/end")
    @needs("admin")
    def end_hook(id: UUID) -> Response:  # noqa: A002 - as the address names it
        try:
            ended = parts.hooks.end(id, asker(), of_others=True)
        except NoHook:
            ended = False
        notices.tell("The hook is called no more." if ended else "This hook has ended already.")
        return going.to(HERE)


def _shown(found: Sequence[Hook], told: Mapping[str, Mapping[str, Any]], now: datetime) -> list[Shown]:
    return [_one(hook, told.get(str(hook.id)), now) for hook in found]


def _one(hook: Hook, told: Mapping[str, Any] | None, now: datetime) -> Shown:
    if told is None:
        return Shown(hook, hook.is_good(now))
    sent_at, failed_at = _moment(told.get("sent_at")), _moment(told.get("failed_at"))
    return Shown(hook, hook.is_good(now), sent_at, failed_at, told.get("why"), bool(told.get("is_known")))


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
