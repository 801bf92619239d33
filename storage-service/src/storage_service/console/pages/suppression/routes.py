"""Connects the addresses of the page. None of them names a mail address: whoever is looked for is posted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from shared.web.refusals import Refused
from storage_service.accounts.asker import Asker
from storage_service.console.access import asker_of_all, needs
from storage_service.console.pages.frame import going, notices
from storage_service.console.pages.frame.renderer import Pages
from storage_service.console.pages.suppression.asked import CURSOR_MOST, Asked, asked_of, key_of
from storage_service.console.pages.suppression.words import lines
from storage_service.console.parts import Parts
from storage_service.console.suppressions import NOTE_MOST, Suppressions

HERE = "/console/suppression"
LIMIT = 50
_GONE = 404


def routes(parts: Parts, pages: Pages) -> Blueprint:
    """Return the views."""
    views, room = Blueprint("suppression_page", __name__), _Suppression(parts, pages)

    @views.get(HERE)
    @needs("operate")
    def listed() -> Response:
        _operator()
        return room.listed(request.args.get("cursor", "")[:CURSOR_MOST] or None)

    @views.post(f"{HERE}/find")
    @needs("operate")
    def find() -> Response:
        return room.found(_operator(), asked_of(request))

    @views.post(f"{HERE}/add")
    @needs("operate")
    def add() -> Response:
        return room.added(_operator(), asked_of(request))

    @views.post(f"{HERE}/remove")
    @needs("operate")
    def remove() -> Response:
        return room.removed(_operator(), key_of(request))

    return views


class _Suppression:
    def __init__(self, parts: Parts, pages: Pages) -> None:
        self._kept = Suppressions(parts.asking, parts.audit)
        self._forms = parts.forms
        self._pages = pages

    def listed(self, cursor: str | None) -> Response:
        """Show a page, newest first; where notify does not answer it says so."""
        try:
            page = self._kept.page(LIMIT, cursor)
        except Refused as error:
            if cursor is not None:
                raise
            return self._page(away=error.title)
        older = f"{HERE}?cursor={page.next_cursor}" if page.next_cursor else None
        return self._page(entries=lines(page.entries, self._titles()), older=older, is_first=cursor is None)

    def found(self, who: Asker, asked: Asked) -> Response:
        """Show what stands there of an address."""
        try:
            known = self._kept.find(who, asked.address)
        except Refused as error:
            return self._wrong(asked, error)
        return self._page(asked=asked, found=lines(known, self._titles()))

    def added(self, who: Asker, asked: Asked) -> Response:
        """Add one by hand, and show the list."""
        form = asked.form or None
        if form is not None and form not in self._forms:
            return self._page(422, asked=asked, wrong="There is no such form in the forms file.")
        try:
            _, is_new = self._kept.add(who, asked.address, form, asked.note)
        except Refused as error:
            return self._wrong(asked, error)
        notices.tell("This address is sent no such mail from now on." if is_new else "It stood there already.")
        return going.to(HERE)

    def removed(self, who: Asker, key: str) -> Response:
        """Take one back, and show the list."""
        try:
            self._kept.remove(who, key)
        except Refused as error:
            if error.status != _GONE:
                raise
            notices.tell("Somebody has taken it back already.")
            return going.to(HERE)
        notices.tell("It is taken back: mail is sent to this address again. What was not sent can be sent again.")
        return going.to(HERE)

    def _wrong(self, asked: Asked, error: Refused) -> Response:
        return self._page(error.status, asked=asked, wrong=error.title)

    def _titles(self) -> Mapping[str, str]:
        return {name: form.title for name, form in self._forms.items()}

    def _page(self, status: int = 200, **content: Any) -> Response:
        shown: dict[str, Any] = {
            "asked": Asked(),
            "entries": (),
            "found": None,
            "older": None,
            "is_first": True,
            "away": None,
            "wrong": None,
        }
        forms = [("", "every form"), *self._titles().items()]
        return self._pages.page(
            "suppression/suppression.html", status, **{**shown, **content}, forms=forms, note_most=NOTE_MOST
        )


def _operator() -> Asker:
    return asker_of_all("a suppressed address")
