"""`POST /console/inbox/bulk`: what the buttons in and above the list do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from flask import Blueprint, Response, request

from shared.query import QueryError
from shared.web.refusals import refused
from storage_service.accounts.asker import Asker
from storage_service.console.access import asker, needs
from storage_service.console.pages.frame import current, going
from storage_service.console.pages.frame.lists import INBOX
from storage_service.console.pages.frame.notices import Undo, tell
from storage_service.console.pages.frame.renderer import Pages, is_part_wanted
from storage_service.console.pages.inbox import doing
from storage_service.console.pages.inbox.actions import Action, BadAction, action_of
from storage_service.console.pages.inbox.asked import Asked, asked_from
from storage_service.console.parts import Parts
from storage_service.jobs.job import Job
from storage_service.jobs.refusals import Refusal
from storage_service.work import NotFound


class Show(Protocol):
    """Returns the inbox as it is asked for, with what was typed into its forms."""

    def __call__(self, asked: Asked, who: Asker, status: int, **typed: object) -> Response:
        """Return it."""


def add(views: Blueprint, parts: Parts, pages: Pages, show: Show) -> None:
    """Add the view."""

    @views.post(f"{INBOX}/bulk")
    @needs("write")
    def bulk() -> Response:
        reader = current.whole_asker().narrowed("read")
        asked = asked_from(parts, reader, request.form.get("next"))
        try:
            if one := request.form.get("one"):
                doing.do_one(parts, asker(), one, asked.here)
                return going.to(asked.here)
            return _many(parts, pages, asked)
        except (BadAction, Refusal, QueryError, NotFound) as error:
            return _refused(pages, error, lambda text: _again(show, asked, reader, text))


def _many(parts: Parts, pages: Pages, asked: Asked) -> Response:
    given = request.form
    action = action_of(given)
    who = _eraser() if action.kind == "erase" else asker()
    if given.get("all") == "yes":
        found = doing.do_all(parts, who, action, asked, given)
    else:
        found = doing.do_ticked(parts, who, action, doing.ids_of(given.getlist("ids")), given)
    if isinstance(found, Job):
        return _done(action, found, asked)
    content: dict[str, Any] = {"question": found, "asked": asked}
    if is_part_wanted():
        return pages.part("inbox/question.html", "question", **content)
    return pages.page("inbox/question.html", **content)


def _eraser() -> Asker:
    """Return whoever asks, with the forms of which they may erase; raises `Refused` (403)."""
    if not current.may("erase"):
        raise refused(403, "ROLE", "Your role does not allow this. Whoever owns the installation may change it.")
    return current.whole_asker().narrowed("erase")


def _done(action: Action, job: Job, asked: Asked) -> Response:
    """Go back to the list, or to the job where it goes on."""
    if job.is_open:
        address = f"/console/jobs/{job.id}"
        return _leave_for(address) if is_part_wanted() else going.to(address)
    undo = Undo(f"/console/jobs/{job.id}/undo", {"next": asked.here})
    tell(doing.told(action, job), undo if action.can_be_undone and job.changed else None)
    return going.to(asked.here)


def _leave_for(address: str) -> Response:
    """Have htmx open another page: what was sent was to change a part of this one."""
    return Response(status=204, headers={"HX-Redirect": address, "Cache-Control": "no-store"})


def _refused(pages: Pages, error: Exception, again: Callable[[str], Response]) -> Response:
    text = "There is no such submission any more." if isinstance(error, NotFound) else _sentence(error)
    return pages.notice(text, 422) if is_part_wanted() else again(text)


def _again(show: Show, asked: Asked, who: Asker, text: str) -> Response:
    """Return the page with what was ticked and typed, and what is wrong with it."""
    typed = {name: request.form.get(name, "")[:400] for name in ("label", "assignee")}
    return show(asked, who, 422, ids=request.form.getlist("ids"), wrong=text, **typed)


def _sentence(error: Exception) -> str:
    text = str(error).rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."
