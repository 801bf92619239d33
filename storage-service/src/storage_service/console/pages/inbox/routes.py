"""Connects the addresses of the inbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from shared.query import QueryError
from shared.web.refusals import refused
from storage_service.accounts.asker import Asker
from storage_service.accounts.user import asker_of
from storage_service.console.access import asker, needs
from storage_service.console.answers import json_answer
from storage_service.console.pages.frame import current
from storage_service.console.pages.frame.lists import INBOX
from storage_service.console.pages.frame.renderer import Pages, is_part_wanted
from storage_service.console.pages.inbox import bulk, hints, mistakes, saved
from storage_service.console.pages.inbox.asked import QUERY_CHARACTERS, Asked, asked_of
from storage_service.console.pages.inbox.listing import Listing, listing
from storage_service.console.pages.inbox.places import form_places, places, title_of
from storage_service.console.pages.inbox.starting import Start, starts
from storage_service.console.pages.inbox.stream import SHOWN_MOST, stream
from storage_service.console.pages.inbox.widening import wider
from storage_service.console.parameters import Parameters
from storage_service.console.parts import Parts

STREAM_LOOKS_BACK = timedelta(days=1)
"""A page that is open for longer is told of what came since then."""

_SEEN_CHARACTERS = 10_000


class Inbox:
    """Shows the inbox."""

    def __init__(self, parts: Parts, pages: Pages) -> None:
        self._parts = parts
        self._pages = pages

    def show(self, asked: Asked, who: Asker, status: int = 200, **typed: Any) -> Response:
        """Return the page, or for htmx its list; `typed` is what of a form is to stand there again, and its `wrong`."""
        query, mistake, found = None, None, Listing(here=asked.here)
        try:
            query = asked.query()
            found = listing(self._parts, who, asked, query)
        except QueryError as error:
            mistake = error
        content: dict[str, Any] = {
            "asked": asked,
            "listing": found,
            "title": self._title(asked, who),
            "widenings": wider(query) if not found.rows and not mistake else (),
            "starts": self._starts(who) if found.is_first else (),
            "people": hints.some_people(self._parts, who) if found.rows and current.may("write") else (),
            "typed": {"ids": (), "label": "", "assignee": "", "wrong": None} | typed,
        }
        if is_part_wanted():
            return self._pages.part("inbox/inbox.html", "listing", status, **content)
        content |= {
            "mistake": mistakes.shown(asked.text, mistake) if mistake else None,
            "places": places(self._parts.forms, who),
            "form_places": form_places(self._parts.forms, who),
            "views": self._parts.views.listed(who),
        }
        return self._pages.page("inbox/inbox.html", 400 if mistake else status, **content)

    def _starts(self, who: Asker) -> list[Start]:
        return starts(self._parts, who, self._pages.browser.reached().origin)

    def _title(self, asked: Asked, who: Asker) -> str:
        if asked.view:
            return asked.view.written.name
        forms = self._parts.forms
        return title_of(asked.text, [*places(forms, who), *form_places(forms, who)])


def routes(parts: Parts, pages: Pages) -> Blueprint:
    """Return the views."""
    views = Blueprint("inbox", __name__)
    inbox = Inbox(parts, pages)

    @views.get(INBOX)
    @needs("read")
    def listed() -> Response:
        who = asker()
        return inbox.show(asked_of(parts, who, request), who)

    @views.get(f"{INBOX}/complete")
    @needs("read")
    def complete() -> Response:
        given = Parameters(request, "q", "at", others=True)
        text = given.text("q", QUERY_CHARACTERS) or ""
        found = hints.completion(parts, asker(), text, given.whole("at", 0, least=0, most=QUERY_CHARACTERS))
        return json_answer(hints.shown(found))

    @views.get(f"{INBOX}/events")
    @needs("read")
    def events() -> Response:
        given, who = Parameters(request, "q", "view", "since", "seen", others=True), asker()
        session = current.session_id()
        asked = asked_of(parts, who, request)
        query, since, seen = asked.query(), _since(parts, given), _seen(given)

        def look() -> list[UUID]:
            forms = _listener(parts, session).forms
            found = parts.records.arrived(query, forms, since, SHOWN_MOST + len(seen) + 1, zone=asked.zone, me=who.name)
            return [one for one in found if one not in seen]

        return stream(parts.arrivals, who.name, look)

    bulk.add(views, parts, pages, inbox.show)
    saved.add(views, parts)
    return views


def _listener(parts: Parts, session: UUID | None) -> Asker:
    """Return who listens, as they are by now; raises `Refused` (401) where they are signed out, or may read nothing."""
    user = None if session is None else parts.accounts.sessions.user_of(session)
    found = None if user is None else asker_of(user, None)
    if found is None or not found.may("read"):
        raise refused(401, "SIGNED_OUT", "You are signed out.")
    return found.narrowed("read")


def _since(parts: Parts, given: Parameters) -> datetime:
    try:
        since = datetime.fromisoformat(given.text("since", 40) or "")
    except ValueError:
        raise refused(400, "SINCE", "since must be a moment, as the page has it.", field="since") from None
    earliest = parts.clock() - STREAM_LOOKS_BACK
    return max(since if since.tzinfo else since.replace(tzinfo=UTC), earliest)


def _seen(given: Parameters) -> frozenset[UUID]:
    texts = (given.text("seen", _SEEN_CHARACTERS) or "").split(",")
    try:
        return frozenset(UUID(text) for text in texts[:200] if text)
    except ValueError:
        raise refused(400, "SEEN", "seen must be ids, as the page has them.", field="seen") from None
