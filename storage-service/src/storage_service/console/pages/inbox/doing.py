"""Does what a button asks for: to one submission, to those that were ticked, or to all that the query finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from shared.database import iso
from storage_service.accounts.asker import Asker
from storage_service.console.pages.frame.notices import Undo, tell
from storage_service.console.pages.inbox.actions import Action, BadAction, change_named, one_of, opposite, submissions
from storage_service.console.pages.inbox.actions import told as told_of
from storage_service.console.pages.inbox.asked import Asked
from storage_service.console.parts import Parts
from storage_service.jobs.asking import Wanted
from storage_service.jobs.forgetting import KEPT_FOR
from storage_service.jobs.job import Job
from storage_service.jobs.refusals import Differs
from storage_service.work import NotFound

TICKED_MOST = 200
"""Submissions that can be ticked: more than a page has."""

_SLOW_CLOCK = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be confirmed: so many more match than the page said, or what is done cannot be taken back.

    `ids` are those that were ticked; empty for all that match.
    """

    action: Action
    count: int
    moment: str
    key: str
    typed: Mapping[str, str]
    ids: Sequence[UUID] = ()


def do_one(parts: Parts, who: Asker, text: str, back: str) -> None:
    """Do `done:<id>`, and tell it with the button that takes it back; raises `BadAction` and `NotFound`."""
    name, key = one_of(text)
    before = parts.records.one(key, who.forms)
    if before is None:
        raise NotFound
    after = parts.work.change(key, change_named(name), who)
    undo = f"{opposite(name, before.state)}:{key}"
    is_changed = after.version != before.version
    tell(told_of(name, 1), Undo("/console/inbox/bulk", {"one": undo, "next": back}) if is_changed else None)


def do_ticked(
    parts: Parts, who: Asker, action: Action, ids: Sequence[UUID], given: Mapping[str, str]
) -> Job | Question:
    """Do it to those that were ticked, as far as they are still there; raises what `Jobs.ask` does, and `BadAction`.

    To erase them is asked about first; raises `NotFound` where none is there.
    """
    if not ids:
        raise BadAction("Tick the submissions first that you mean, or “all that match”.")
    wanted = Wanted(action.kind, action.action, parts.clock(), ids=ids, me=who.name)
    if action.kind == "erase" and not _is_number(given.get("confirm", "")):
        count = parts.jobs.count(wanted, who)
        if not count:
            raise NotFound
        return Question(action, count, iso(wanted.moment), uuid4().hex, {}, ids)
    key = given.get("key", "")[:100] or None
    return parts.jobs.ask(wanted, who, len(ids), key)[0]


def do_all(parts: Parts, who: Asker, action: Action, asked: Asked, given: Mapping[str, str]) -> Job | Question:
    """Do it to all that match and were stored when the page was made, once it is confirmed how many these are.

    What the page said is as good as confirmed, unless it cannot be taken back. Raises `QueryError`, and what
    `Jobs.ask` does.
    """
    moment = _moment(given.get("moment", ""), parts.clock())
    wanted = Wanted(
        action.kind, action.action, moment, zone=asked.zone, query=asked.query(), text=asked.text, me=who.name
    )
    confirmed = given.get("confirm") or (given.get("said", "") if action.can_be_undone else "")
    key = given.get("key", "")[:100] or uuid4().hex
    count = parts.jobs.count(wanted, who) if not _is_number(confirmed) else int(confirmed)
    if _is_number(confirmed):
        try:
            return parts.jobs.ask(wanted, who, count, key)[0]
        except Differs as error:
            count = error.count
    typed = {name: given[name] for name in ("label", "assignee") if name in given}
    return Question(action, count, iso(moment), uuid4().hex, typed)


def ids_of(texts: Sequence[str]) -> list[UUID]:
    """Return the submissions that were ticked, one or several with commas in each text; raises `BadAction`."""
    keys = list(dict.fromkeys(key for text in texts for key in text.split(",")))
    if len(keys) > TICKED_MOST:
        raise BadAction(f"{len(keys)} are ticked, {TICKED_MOST} at most: take “all that match”.")
    try:
        return [UUID(key[:64]) for key in keys]
    except ValueError:
        raise BadAction("There is no such submission.") from None


def told(action: Action, job: Job) -> str:
    """Return in words what came of a job that has ended."""
    text = action.did.format(n=submissions(job.changed))
    unchanged = job.done - job.changed - job.failed
    if unchanged:
        text += f" {unchanged:,} stayed as {'it was' if unchanged == 1 else 'they were'}."
    return text + (f" {job.failed:,} could not be changed." if job.failed else "")


def _moment(text: str, now: datetime) -> datetime:
    """Return when the page was made; now, where it does not say, or says what cannot be."""
    try:
        moment = datetime.fromisoformat(text[:40])
    except ValueError:
        return now
    is_good = moment.tzinfo is not None and now - KEPT_FOR < moment <= now + _SLOW_CLOCK
    return moment if is_good else now


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 6
