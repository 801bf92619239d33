"""The addresses of the page *Deliveries*."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, request

from storage_service.accounts.asker import Asker
from storage_service.console.access import asker, needs
from storage_service.console.api.jobs import refusals_told
from storage_service.console.pages.deliveries.again import Again, confirmed_of, ids_of, new_key
from storage_service.console.pages.deliveries.asked import (
    AGES_SHOWN,
    CHANNELS,
    Asked,
    Shown,
    asked_of,
    place_of,
    posted_of,
)
from storage_service.console.pages.deliveries.retrying import retrying_of
from storage_service.console.pages.frame import going, notices
from storage_service.console.pages.frame.renderer import Pages
from storage_service.console.parts import Parts
from storage_service.deliveries.listing import COUNTED_MOST
from storage_service.deliveries.naming import channel_words
from storage_service.jobs.refusals import Differs
from storage_service.records import Cursor

LIMIT = 50

_COUNTED: Sequence[Shown] = ("failed", "held")


def routes(parts: Parts, pages: Pages) -> Blueprint:
    """Return the views."""
    views, room = Blueprint("deliveries_page", __name__), _Deliveries(parts, pages)

    @views.get("/console/deliveries")
    @needs("read")
    def listed() -> Response:
        asked, cursor = asked_of(request)
        return room.retrying(asked, cursor) if asked.state == "retrying" else room.listed(asked, cursor)

    @views.post("/console/deliveries/again")
    @needs("write")
    def again() -> Response:
        asked, who = posted_of(request), asker()
        if request.form.get("all"):
            return room.all_again(asked, who)
        one = request.form.getlist("one")
        return room.some_again(asked, who, one or request.form.getlist("delivery"))

    return views


class _Deliveries:
    def __init__(self, parts: Parts, pages: Pages) -> None:
        self._parts = parts
        self._pages = pages
        self._again = Again(parts)

    def listed(self, asked: Asked, cursor: str | None) -> Response:
        """Show a page of what failed, or is held."""
        who, place = asker(), place_of(cursor)
        which = asked.which(who.forms, self._parts.clock())
        after = None if place is None else (place.moment, place.id)
        found = self._parts.deliveries.page(which, LIMIT + 1, after)
        shown = found[:LIMIT]
        older = Cursor("older", shown[-1].changed_at, shown[-1].id) if len(found) > LIMIT else None
        return self._page(asked, who, rows=shown, older=older, is_first=place is None, is_known=True)

    def retrying(self, asked: Asked, cursor: str | None) -> Response:
        """Show a page of what notify tries again by itself."""
        who, place = asker(), place_of(cursor)
        found = retrying_of(self._parts.asking, asked, who, LIMIT, place)
        rows, older = found if found else ((), None)
        return self._page(asked, who, rows=rows, older=older, is_first=place is None, is_known=found is not None)

    def some_again(self, asked: Asked, who: Asker, said: list[str]) -> Response:
        """Ask for those that were chosen, and go back to the list."""
        if not said:
            notices.tell("Nothing was chosen: tick what is to be sent again.", kind="wrong")
            return going.to(asked.address())
        ids = ids_of(said)
        notices.tell(_told(self._again.some(ids, who), len(ids)))
        return going.to(asked.address())

    def all_again(self, asked: Asked, who: Asker) -> Response:
        """Ask whether all are meant, or begin the job."""
        now = self._parts.clock()
        confirmed = confirmed_of(request, now)
        with refusals_told():
            if confirmed is None:
                return self._question(asked, self._again.counted(asked, who, now), now)
            count, moment, key = confirmed
            try:
                job = self._again.all(asked, who, moment, count, key)
            except Differs as error:
                notices.tell("There are more by now: please look at the number again.", kind="wrong")
                return self._question(asked, error.count, now, status=409)
        return going.to(f"/console/jobs/{job.id}")

    def _question(self, asked: Asked, count: int, moment: datetime, *, status: int = 200) -> Response:
        if not count:
            notices.tell("Nothing of this is there any more: somebody was quicker.")
            return going.to(asked.address())
        return self._pages.page(
            "deliveries/question.html",
            status,
            asked=asked,
            count=count,
            moment=moment.isoformat(),
            key=new_key(),
            since=AGES_SHOWN[asked.since],
            channel=channel_words(asked.channel) if asked.channel else "all",
        )

    def _page(self, asked: Asked, who: Asker, *, older: Cursor | None, **content: Any) -> Response:
        forms = sorted(name for name in self._parts.forms if who.may_see(name))
        return self._pages.page(
            "deliveries/deliveries.html",
            asked=asked,
            counts=self._counts(asked, who),
            counted_most=COUNTED_MOST,
            forms=sorted({*forms, asked.form} - {""}),
            channels=CHANNELS,
            words_of=channel_words,
            ages=AGES_SHOWN,
            older=None if older is None else asked.address(cursor=str(older)),
            **content,
        )

    def _counts(self, asked: Asked, who: Asker) -> dict[str, int]:
        now, deliveries = self._parts.clock(), self._parts.deliveries
        asks = (replace(asked, state=state) for state in _COUNTED)
        return {one.state: deliveries.count(one.which(who.forms, now)) for one in asks}


def _told(done: int, chosen: int) -> str:
    if done == chosen:
        return f"{done} will be sent again." if done != 1 else "It will be sent again."
    if done:
        return f"{done} of {chosen} will be sent again. The others were asked for already, or cannot be sent."
    return "It was asked for already, or cannot be sent: look at its submission."
