"""Lists, shows, replays and discards the messages of storage and of notify that wait for a person.

Both services are asked over the broker, as each keeps its own.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, Response, request
from flask.blueprints import BlueprintSetupState
from werkzeug.routing import BaseConverter

from shared.parked.limits import NOTE_MOST
from storage_service.accounts.asker import Asker
from storage_service.console.access import asker_of_all, needs
from storage_service.console.answers import json_answer
from storage_service.console.api.parked.reading import REASON_CHARACTERS, STATES, text_of, values_of, which_of
from storage_service.console.asking import PARKED_AT
from storage_service.console.parameters import Parameters
from storage_service.console.parked import Parked, silent
from storage_service.console.parts import Parts

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
        self._parked = Parked(parts.asking, parts.audit)

    def listed(self, who: Asker, given: Parameters) -> Response:
        """Answer with a page; 503 where a service does not answer."""
        service, state = given.one_of("service", ("", *PARKED_AT), ""), given.one_of("state", STATES, "waiting")
        reason, cursor = given.text("reason", REASON_CHARACTERS), given.text("cursor")
        page = self._parked.page(who, service, state, reason, given.limit(), cursor)
        if page.silent:
            raise silent(page.silent[0])
        return json_answer({"parked": page.entries, "next_cursor": page.next_cursor, "waiting": page.waiting})

    def shown(self, who: Asker, service: str, parked_id: str) -> Response:
        return json_answer(self._parked.one(who, service, parked_id))

    def replay_one(self, who: Asker, service: str, parked_id: str) -> Response:
        return json_answer(self._parked.replay_one(who, service, parked_id))

    def replay_many(self, who: Asker, service: str, values: dict[str, Any]) -> Response:
        done = self._parked.replay_many(who, service, which_of(values))
        return json_answer(
            {
                "replayed": len(done["replayed"]),
                "unknown": done["unknown"],
                "remaining": done.get("remaining"),
                "problem": done["problem"],
            }
        )

    def discard(self, who: Asker, service: str, parked_id: str, values: dict[str, Any]) -> Response:
        return json_answer(self._parked.discard(who, service, parked_id, text_of(values, "reason", NOTE_MOST)))


def _operator() -> Asker:
    return asker_of_all("a parked message")


def _add_converter(state: BlueprintSetupState) -> None:
    app = state.app
    if isinstance(app, Flask):
        app.url_map.converters["parked_id"] = _ParkedId
