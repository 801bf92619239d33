"""Lets an operator list, show, replay and discard parked messages, by asking storage and notify."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

from flask import Request, Response

from gateway.http import body
from gateway.http.errors import Refused, refused, unavailable
from gateway.http.request import Request as PlainRequest
from gateway.http.responses import json_response
from gateway.owner.bearer import KeyCheck
from gateway.owner.reading import limit_of
from gateway.receipts.queries import PARKED_AT, ServiceQueries
from shared.contracts import JsonValue
from shared.messaging.broker import Answer
from shared.parked.cursors import cursor_of, sort_key
from shared.parked.limits import NOTE_MOST, REPLAY_MOST
from shared.parked.states import State

BODY_BYTES = 64 * 1024
REPLAY_TIMEOUT_S = 10.0


class Operating:
    """Answers operators, by a bearer key of their own: one that only reads cannot replay."""

    def __init__(self, queries: ServiceQueries, *, key_hashes: Sequence[str]) -> None:
        self._queries = queries
        self._check_key = KeyCheck(key_hashes, "An operator key is needed: Authorization: Bearer cf_op_…")

    def listed(self, request: Request) -> Response:
        """Answer with a page of parked messages, newest first, of one service or of both together."""
        self._check_key(request)
        limit = limit_of(request)
        params = {
            "state": _state_of(request),
            "reason": _reason_of(request),
            "limit": limit,
            "cursor": request.args.get("cursor"),
        }
        found = self._asked(_services_of(request), "list", params)
        if any("error" in answer for answer in found.values()):
            raise refused(400, "CURSOR", "This cursor was not made here.", field="cursor")
        entries = [{"service": name, **one} for name, answer in found.items() for one in answer["parked"]]
        page = sorted(entries, key=sort_key, reverse=True)[:limit]
        more = len(entries) > limit or any(answer["next_cursor"] for answer in found.values())
        waiting = {name: answer["waiting"] for name, answer in found.items()}
        next_cursor = cursor_of(page[-1]) if more else None
        return json_response(200, {"parked": page, "next_cursor": next_cursor, "waiting": waiting})

    def shown(self, service: str, parked_id: str, request: Request) -> Response:
        """Answer with one message: its content, and all that happened to it."""
        self._check_key(request)
        return json_response(200, self._entry(service, "show", {"id": parked_id}))

    def replay_one(self, service: str, parked_id: str, request: Request) -> Response:
        """Publish one message again, whatever was done about it before, and answer with it."""
        actor = self._check_key(request)
        self._replay(service, {"ids": [parked_id], "actor": actor})
        return self.shown(service, parked_id, request)

    def replay_many(self, service: str, request: Request) -> Response:
        """Publish several messages again: those named, or those that wait longest, with a reason or with any."""
        actor = self._check_key(request)
        done = self._replay(service, {**_which(_values_of(request)), "actor": actor})
        return json_response(
            200,
            {
                "replayed": len(done["replayed"]),
                "unknown": done["unknown"],
                "remaining": done.get("remaining"),
                "problem": done["problem"],
            },
        )

    def discard(self, service: str, parked_id: str, request: Request) -> Response:
        """Let one message that waits rest, with a reason, and answer with it; 409 for one that was replayed."""
        actor = self._check_key(request)
        reason = _values_of(request).get("reason")
        if not isinstance(reason, str) or not 0 < len(reason.strip()) <= NOTE_MOST:
            raise refused(422, "REASON", f"Say why: reason, a text of at most {NOTE_MOST} characters.", field="reason")
        entry = self._entry(service, "discard", {"id": parked_id, "reason": reason.strip(), "actor": actor})
        if entry["state"] != "discarded":
            raise refused(409, "REPLAYED", "This message was replayed: there is nothing left to discard.")
        return json_response(200, entry)

    def _replay(self, service: str, params: dict[str, Any]) -> Answer:
        done = self._asked([service], "replay", params, timeout_s=REPLAY_TIMEOUT_S)[service]
        if done["problem"] and not done["replayed"]:
            raise unavailable("The broker does not take messages just now. Please try again in a moment.")
        return done

    def _entry(self, service: str, method: str, params: dict[str, Any]) -> dict[str, Any]:
        entry = self._asked([service], method, params)[service]["parked"]
        if entry is None:
            raise refused(404, "PARKED_NOT_FOUND", "There is no parked message with this id.")
        return {"service": service, **entry}

    def _asked(
        self, services: Sequence[str], method: str, params: dict[str, Any], **timeout: float
    ) -> dict[str, Answer]:
        found: dict[str, Answer] = {}
        for name, answer in self._queries.parked(services, method, params, **timeout).items():
            if answer is None:
                raise _silent(name)
            found[name] = answer
        return found


def _services_of(request: Request) -> list[str]:
    name = request.args.get("service")
    if name is not None and name not in PARKED_AT:
        raise refused(400, "SERVICE", "service must be storage or notify.", field="service")
    return [name] if name else list(PARKED_AT)


def _state_of(request: Request) -> str | None:
    state = request.args.get("state", "waiting")
    if state not in {*get_args(State), "all"}:
        raise refused(400, "STATE", "state must be waiting, replayed, discarded or all.", field="state")
    return None if state == "all" else state


def _reason_of(request: Request) -> str | None:
    reason = request.args.get("reason")
    if reason is not None and "\0" in reason:
        raise refused(400, "REASON", "reason must be text without NUL.", field="reason")
    return reason


def _which(asked: dict[str, JsonValue]) -> dict[str, Any]:
    match [(name, asked[name]) for name in ("ids", "reason", "all") if asked.get(name) is not None]:
        case [("ids", [_, *_] as ids)] if len(ids) <= REPLAY_MOST and all(isinstance(one, str) for one in ids):
            return {"ids": ids}
        case [("reason", str(reason))] if reason:
            return {"reason": reason, "limit": REPLAY_MOST}
        case [("all", True | "true")]:
            return {"reason": None, "limit": REPLAY_MOST}
    raise refused(
        422, "WHICH", f"Say which, in one way: ids (a list of 1 to {REPLAY_MOST}), reason (a text), or all (true)."
    )


def _values_of(request: Request) -> dict[str, JsonValue]:
    read = body.read(PlainRequest(request.environ), body.Limits(body_bytes=BODY_BYTES))
    if read.flaw is not None:
        raise read.flaw
    return read.values


def _silent(service: str) -> Refused:
    return unavailable(f"The {service} service does not answer just now. Please ask again in a moment.")
