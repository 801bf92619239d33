"""Lists, shows, replays and discards the messages of storage and of notify that wait for a person.

Both services are asked over the broker, as each keeps its own.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, Response, request
from flask.blueprints import BlueprintSetupState
from werkzeug.routing import BaseConverter

from shared.messaging.broker import Answer
from shared.parked.cursors import cursor_of, sort_key
from shared.parked.limits import NOTE_MOST
from shared.web.refusals import Refused, refused, unavailable
from storage_service.accounts.asker import Asker
from storage_service.console.access import asker_of_all, needs
from storage_service.console.answers import json_answer
from storage_service.console.api.parked.reading import STATES, text_of, values_of, which_of
from storage_service.console.asking import PARKED_AT
from storage_service.console.parameters import Parameters
from storage_service.console.parts import Parts

REPLAY_TIMEOUT_S = 9.0
"""Less than the ten seconds that a proxy gives a POST."""

_REASON_CHARACTERS = 500
_SERVICE = "/v1/parked/<any(storage, notify):service>"
_ONE = f"{_SERVICE}/<parked_id:id>"


class _ParkedId(BaseConverter):
    """Passes by what no database could be asked for, such as NUL."""

    regex = "[0-9a-f]{32}"


def routes(parts: Parts) -> Blueprint:
    """Return the views."""
    views, parked = Blueprint("parked", __name__), _Parked(parts)
    views.record_once(_add_converter)

    @views.get("/v1/parked")
    @needs("operate")
    def listed() -> Response:
        return parked.listed(
            _operator(), Parameters(request, "service", "state", "reason", "cursor", "limit", others=True)
        )

    @views.post(f"{_SERVICE}/replay")
    @needs("operate")
    def replayed(service: str) -> Response:
        return parked.replay_many(_operator(), service, values_of(request))

    @views.get(_ONE)
    @needs("operate")
    def shown(service: str, id: str) -> Response:  # noqa: A002 - as the address has it
        return parked.shown(_operator(), service, id)

    @views.post(f"{_ONE}/replay")
    @needs("operate")
    def replayed_one(service: str, id: str) -> Response:  # noqa: A002
        return parked.replay_one(_operator(), service, id)

    @views.post(f"{_ONE}/discard")
    @needs("operate")
    def discarded(service: str, id: str) -> Response:  # noqa: A002
        return parked.discard(_operator(), service, id, values_of(request))

    return views


class _Parked:
    def __init__(self, parts: Parts) -> None:
        self._asking = parts.asking
        self._audit = parts.audit

    def listed(self, who: Asker, given: Parameters) -> Response:
        """Answer with a page, newest first, of one service or of both together."""
        service = given.one_of("service", ("", *PARKED_AT), "")
        state, limit = given.one_of("state", STATES, "waiting"), given.limit()
        params = {
            "state": None if state == "all" else state,
            "reason": given.text("reason", _REASON_CHARACTERS),
            "limit": limit,
            "cursor": given.text("cursor"),
        }
        self._audit.note(who, "parked.list")
        found = {name: self._asked(name, "list", params) for name in ([service] if service else PARKED_AT)}
        if any("error" in answer for answer in found.values()):
            raise refused(400, "CURSOR", "This cursor was not made here.", field="cursor")
        entries = [{"service": name, **one} for name, answer in found.items() for one in answer["parked"]]
        page = sorted(entries, key=sort_key, reverse=True)[:limit]
        more = len(entries) > limit or any(answer["next_cursor"] for answer in found.values())
        waiting = {name: answer["waiting"] for name, answer in found.items()}
        return json_answer({"parked": page, "next_cursor": cursor_of(page[-1]) if more else None, "waiting": waiting})

    def shown(self, who: Asker, service: str, parked_id: str) -> Response:
        """Answer with one message: its content, and all that happened to it."""
        self._audit.note(who, "parked.read", parked_id)
        return json_answer(self._entry(service, "show", {"id": parked_id}))

    def replay_one(self, who: Asker, service: str, parked_id: str) -> Response:
        """Publish one message again, whatever was done about it before, and answer with it."""
        self._audit.note(who, "parked.replay", parked_id)
        self._replay(service, {"ids": [parked_id], "actor": who.name})
        return json_answer(self._entry(service, "show", {"id": parked_id}))

    def replay_many(self, who: Asker, service: str, values: dict[str, Any]) -> Response:
        """Publish several messages again: those named, or those that wait longest, with a reason or with any."""
        params = which_of(values)
        self._audit.note(who, "parked.replay", service, count=len(params["ids"]) if "ids" in params else None)
        done = self._replay(service, {**params, "actor": who.name})
        return json_answer(
            {
                "replayed": len(done["replayed"]),
                "unknown": done["unknown"],
                "remaining": done.get("remaining"),
                "problem": done["problem"],
            }
        )

    def discard(self, who: Asker, service: str, parked_id: str, values: dict[str, Any]) -> Response:
        """Let one message that waits rest, with a reason, and answer with it; 409 for one that was replayed."""
        reason = text_of(values, "reason", NOTE_MOST)
        self._audit.note(who, "parked.discard", parked_id)
        entry = self._entry(service, "discard", {"id": parked_id, "reason": reason, "actor": who.name})
        if entry["state"] != "discarded":
            raise refused(409, "REPLAYED", "This message was replayed: there is nothing left to discard.")
        return json_answer(entry)

    def _replay(self, service: str, params: dict[str, Any]) -> Answer:
        done = self._asked(service, "replay", params, timeout_s=REPLAY_TIMEOUT_S)
        if done["problem"] and not done["replayed"]:
            raise unavailable("The broker does not take messages just now. Please try again in a moment.")
        return done

    def _entry(self, service: str, method: str, params: dict[str, Any]) -> dict[str, Any]:
        entry = self._asked(service, method, params)["parked"]
        if entry is None:
            raise refused(404, "PARKED_NOT_FOUND", "There is no parked message with this id.")
        return {"service": service, **entry}

    def _asked(self, service: str, method: str, params: dict[str, Any], **timeout: float) -> Answer:
        answer = self._asking.parked(service, method, params, **timeout)
        if answer is None:
            raise _silent(service)
        return answer


def _operator() -> Asker:
    return asker_of_all("a parked message")


def _add_converter(state: BlueprintSetupState) -> None:
    app = state.app
    if isinstance(app, Flask):
        app.url_map.converters["parked_id"] = _ParkedId


def _silent(service: str) -> Refused:
    return unavailable(f"The {service} service does not answer just now. Please ask again in a moment.")
