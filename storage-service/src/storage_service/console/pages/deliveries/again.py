"""Sends deliveries again: some at once, or all that are asked for as a job."""

from __future__ import annotations

from datetime import datetime, timedelta
from secrets import token_urlsafe
from uuid import UUID

from flask import Request

from shared.database import iso
from shared.query import parse
from shared.web.refusals import refused
from storage_service.accounts.asker import Asker
from storage_service.console.pages.deliveries.asked import AGES, Asked
from storage_service.console.parts import Parts
from storage_service.jobs.asking import Wanted
from storage_service.jobs.job import Job

IDS_MOST = 200
_KEY_MOST = 64
_DIGITS_MOST = 9
_OLDEST = timedelta(days=30)


class Again:
    """Sends again for whoever may work on the submissions."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def some(self, ids: list[UUID], who: Asker) -> int:
        """Ask for some deliveries, and return how many were asked for: not those that somebody was quicker with."""
        self._parts.audit.note(who, "delivery.resend", count=len(ids))
        return self._parts.deliveries.again(ids, who.forms, who.name)

    def counted(self, asked: Asked, who: Asker, moment: datetime) -> int:
        """Return how many submissions have deliveries of these; raises `TooLarge`."""
        return self._parts.jobs.count(self._wanted(asked, who, moment), who)

    def all(self, asked: Asked, who: Asker, moment: datetime, confirmed: int, key: str) -> Job:
        """Begin the job that asks for all, and return it; raises what `Jobs.ask` raises."""
        job, _ = self._parts.jobs.ask(self._wanted(asked, who, moment), who, confirmed, key)
        return job

    def _wanted(self, asked: Asked, who: Asker, moment: datetime) -> Wanted:
        action: dict[str, object] = {"channel": asked.channel or None, "states": [asked.state]}
        if asked.since:
            action["since"] = iso(moment - AGES[asked.since])
        return Wanted("resend", action, moment, query=parse(asked.query), text=asked.query, me=who.name)


def new_key() -> str:
    """Return a key for a job: sent twice, the same question is one job."""
    return token_urlsafe(16)


def ids_of(said: list[str]) -> list[UUID]:
    """Return the ids of a post; raises `Refused` (422)."""
    try:
        ids = [UUID(one) for one in said[: IDS_MOST + 1]]
    except ValueError:
        raise refused(422, "DELIVERY", "delivery must be an id, as the page has them.", field="delivery") from None
    if not 1 <= len(ids) <= IDS_MOST:
        raise refused(422, "DELIVERY", f"Choose 1 to {IDS_MOST} deliveries.", field="delivery")
    return ids


def confirmed_of(asked: Request, now: datetime) -> tuple[int, datetime, str] | None:
    """Return what was confirmed: how many, as of which moment, under which key; None where nothing was yet."""
    confirm, moment, key = (asked.form.get(name, "") for name in ("confirm", "moment", "key"))
    if not confirm:
        return None
    try:
        counted_at = datetime.fromisoformat(moment)
        is_good = confirm.isascii() and confirm.isdigit() and len(confirm) <= _DIGITS_MOST and counted_at.tzinfo
    except ValueError:
        is_good = False
    if not is_good or not 0 < len(key) <= _KEY_MOST or not now - _OLDEST < counted_at <= now + timedelta(minutes=1):
        raise refused(422, "CONFIRM", "This question is too old: ask anew.", field="confirm")
    return int(confirm), counted_at, key
