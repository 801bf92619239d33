"""Reads from an inbox's address what it shows, and writes such addresses: all of its state is in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from flask import Request

from shared.query import Query, parse
from shared.web.refusals import refused
from storage_service.accounts.asker import Asker
from storage_service.console.pages.frame import going
from storage_service.console.pages.frame.lists import INBOX, USUAL, usual
from storage_service.console.pages.frame.moments import zone_of
from storage_service.console.pages.frame.renderer import reader_zone
from storage_service.console.parameters import Parameters
from storage_service.console.parts import Parts
from storage_service.records import Cursor
from storage_service.views import NoView, View

QUERY_CHARACTERS = 10_000
"""What is read of a query: one that is too long is shown with its mistake, as any other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked for: a query as it was written, maybe that of a saved view, with the days of `zone`."""

    text: str
    zone: tzinfo
    view: View | None = None
    cursor: Cursor | None = None
    is_counted: bool = False
    usual: str = USUAL

    @property
    def is_usual(self) -> bool:
        """Whether it is the inbox as it opens."""
        return self.text == self.usual

    def query(self) -> Query | None:
        """Return the query's tree, None for everything; raises `QueryError`."""
        return parse(self.text) if self.text.strip() else None

    @property
    def here(self) -> str:
        """Where this very page is."""
        return self.address(self.cursor)

    def address(self, cursor: Cursor | None = None, *, counted: bool = False) -> str:
        """Return where this is shown, from a place on."""
        members = self._members | ({"cursor": str(cursor)} if cursor else {})
        return _at(members | ({"count": "all"} if counted else {}))

    def stream(self, since: str, seen: str) -> str:
        """Return where it is told what comes in."""
        return f"{INBOX}/events?{urlencode({**self._members, 'since': since, 'seen': seen})}"

    def submission(self, key: UUID) -> str:
        """Return where one of the list is shown: from there to its neighbours in it, and back to this page of it."""
        members = {"q": self.text} | ({"view": str(self.view.id)} if self.view else {})
        members |= {"cursor": str(self.cursor)} if self.cursor else {}
        return f"/console/submissions/{key}?{urlencode(members)}"

    @property
    def export(self) -> str:
        """Return where what is listed is exported, with the days of the same zone."""
        return f"/console/export?{urlencode({'q': self.text, 'tz': str(self.zone)})}"

    @property
    def _members(self) -> dict[str, str]:
        found = {"view": str(self.view.id)} if self.view else {}
        is_said = self.text == (self.view.written.query if self.view else self.usual)
        return found if is_said else {**found, "q": self.text}


def asked_of(parts: Parts, who: Asker, given: Request) -> Asked:
    """Return what an address asks for; raises `Refused` and `CursorError`."""
    Parameters(given, "q", "cursor", "view", "count", others=True)
    return _read(parts, who, given.args)


def asked_from(parts: Parts, who: Asker, address: str | None) -> Asked:
    """Return what the page shows from whose address something was sent; raises as `asked_of` does.

    An address that is none of an inbox is refused: what is done to all that match must not be done to another list.
    """
    path, _, members = (going.own(INBOX if address is None else address, most=going.BACK_MOST) or "").partition("?")
    if path != INBOX:
        text = "The address of the list was not understood, so nothing was done. Open the inbox and do it from there."
        raise refused(400, "NEXT", text, field="next")
    return _read(parts, who, dict(parse_qsl(members, keep_blank_values=True)))


def address_of(text: str) -> str:
    """Return where a query is shown."""
    return _at({"q": text})


def address_of_view(key: UUID) -> str:
    """Return where a saved view is shown."""
    return _at({"view": str(key)})


def _at(members: Mapping[str, str]) -> str:
    return f"{INBOX}?{urlencode(members)}" if members else INBOX


def _read(parts: Parts, who: Asker, given: Mapping[str, str]) -> Asked:
    view = _view(parts, who, given.get("view", ""))
    cursor, opens = given.get("cursor", ""), usual(parts.forms, who)
    return Asked(
        text=given.get("q", view.written.query if view else opens)[:QUERY_CHARACTERS],
        zone=zone_of(view.written.zone) if view else reader_zone(),
        view=view,
        cursor=Cursor.read(cursor) if cursor else None,
        is_counted=given.get("count") == "all",
        usual=opens,
    )


def _view(parts: Parts, who: Asker, text: str) -> View | None:
    if not text:
        return None
    try:
        return parts.views.one(UUID(text[:64]), who)
    except (ValueError, NoView):
        raise refused(404, "NOT_FOUND", "There is no such view: it was removed, or is not shared with you.") from None
