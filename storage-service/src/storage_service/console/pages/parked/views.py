"""The addresses of the page *Parked messages*."""

from __future__ import annotations

from flask import Blueprint, Response, request

from shared.parked.limits import NOTE_MOST, REPLAY_MOST
from storage_service.accounts.asker import Asker
from storage_service.console.access import asker_of_all, needs
from storage_service.console.api.parked.reading import REASON_CHARACTERS, STATES
from storage_service.console.pages.frame import going, notices
from storage_service.console.pages.frame.renderer import Pages
from storage_service.console.pages.parked.asked import SERVICES, Asked, asked_of, chosen_of, place_of, posted_of
from storage_service.console.pages.parked.shown import shown_content, shown_entry
from storage_service.console.parked import Parked
from storage_service.console.parts import Parts

LIMIT = 50
_ONE = "/console/parked/<service>/<id>"


def routes(parts: Parts, pages: Pages) -> Blueprint:
    """Return the views."""
    views, room = Blueprint("parked_page", __name__), _Parked(parts, pages)

    @views.get("/console/parked")
    @needs("operate")
    def listed() -> Response:
        return room.listed(_operator(), *asked_of(request))

    @views.post("/console/parked/replay")
    @needs("operate")
    def replayed_many() -> Response:
        asked, service = posted_of(request), request.form.get("all", "")
        if service in SERVICES:
            return room.replay_all(_operator(), service, asked)
        return room.replay_some(_operator(), request.form.getlist("message"), asked)

    @views.get(_ONE)
    @needs("operate")
    def one(service: str, id: str) -> Response:  # noqa: A002 - as the address has it
        return room.one(_operator(), *place_of(service, id))

    @views.post(f"{_ONE}/replay")
    @needs("operate")
    def replayed(service: str, id: str) -> Response:  # noqa: A002
        return room.replay_one(_operator(), *place_of(service, id))

    @views.post(f"{_ONE}/discard")
    @needs("operate")
    def discarded(service: str, id: str) -> Response:  # noqa: A002
        return room.discard(_operator(), *place_of(service, id), request.form.get("reason", "").strip())

    return views


class _Parked:
    def __init__(self, parts: Parts, pages: Pages) -> None:
        self._parked = Parked(parts.asking, parts.audit)
        self._pages = pages

    def listed(self, who: Asker, asked: Asked, cursor: str | None) -> Response:
        """Show a page, newest first; a service that does not answer is named, and the other one's are shown."""
        page = self._parked.page(who, asked.service, asked.state, asked.reason or None, LIMIT, cursor)
        return self._pages.page(
            "parked/parked.html",
            asked=asked,
            entries=[shown_entry(one) for one in page.entries],
            waiting=page.waiting,
            silent=page.silent,
            states=STATES,
            services=SERVICES,
            reason_most=REASON_CHARACTERS,
            replay_most=REPLAY_MOST,
            is_first=cursor is None,
            older=asked.address(cursor=page.next_cursor) if page.next_cursor else None,
        )

    def one(self, who: Asker, service: str, parked_id: str, *, error: str | None = None, typed: str = "") -> Response:
        """Show one message, with its content and all that happened to it."""
        entry = self._parked.one(who, service, parked_id)
        content, is_cut = shown_content(entry)
        return self._pages.page(
            "parked/message.html",
            422 if error else 200,
            message=shown_entry(entry),
            content=content,
            is_cut=is_cut,
            error=error,
            typed=typed,
            note_most=NOTE_MOST,
        )

    def replay_one(self, who: Asker, service: str, parked_id: str) -> Response:
        """Replay one, and show it."""
        self._parked.replay_one(who, service, parked_id)
        notices.tell("It is on its queue again. If its service cannot work on it, it comes back here.")
        return going.to(f"/console/parked/{service}/{parked_id}")

    def discard(self, who: Asker, service: str, parked_id: str, reason: str) -> Response:
        """Discard one with a reason, and show it."""
        if not 0 < len(reason) <= NOTE_MOST:
            error = f"Say why, in at most {NOTE_MOST} characters."
            return self.one(who, service, parked_id, error=error, typed=reason)
        self._parked.discard(who, service, parked_id, reason)
        notices.tell("It is discarded. Its content is kept: it can still be replayed.")
        return going.to(f"/console/parked/{service}/{parked_id}")

    def replay_some(self, who: Asker, said: list[str], asked: Asked) -> Response:
        """Replay those that were chosen, and go back to the list."""
        chosen = chosen_of(said)
        if not chosen:
            notices.tell("Nothing was chosen: tick what is to be replayed.", kind="wrong")
        for service, ids in chosen.items():
            self._tell(service, self._parked.replay_many(who, service, {"ids": ids}))
        return going.to(asked.address())

    def replay_all(self, who: Asker, service: str, asked: Asked) -> Response:
        """Replay what waits longest of a service, and go back to the list."""
        which = {"reason": asked.reason or None, "limit": REPLAY_MOST}
        self._tell(service, self._parked.replay_many(who, service, which))
        return going.to(asked.address())

    @staticmethod
    def _tell(service: str, done: dict[str, object]) -> None:
        replayed, remaining = len(list(done["replayed"])), done.get("remaining")  # type: ignore[call-overload]
        rest = f" {remaining} more wait: replay again." if remaining else ""
        notices.tell(f"{replayed} of {service} {'is' if replayed == 1 else 'are'} on the queue again.{rest}")
        if done["problem"]:
            notices.tell(f"It stopped before the end: {done['problem']}", kind="wrong")


def _operator() -> Asker:
    return asker_of_all("a parked message")
