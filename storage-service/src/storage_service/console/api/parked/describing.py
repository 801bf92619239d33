"""Describes the addresses of parked messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from shared.parked.limits import NOTE_MOST, REPLAY_MOST
from shared.parked.states import Kind, State
from shared.web.schemas import MOMENT, TEXT, TEXT_OR_NONE, Schema, a_list, an_object, ref
from storage_service.console.answers import JSON
from storage_service.console.api.parked.reading import STATES
from storage_service.console.asking import PARKED_AT
from storage_service.console.describing import Described, answer, parameter
from storage_service.console.parameters import LIMIT

_NUMBER: Schema = {"type": "integer", "minimum": 0}
_SERVICE: Schema = {"enum": list(PARKED_AT)}
_ENTRY: dict[str, Schema] = {
    "service": _SERVICE,
    "id": {**TEXT, "pattern": "^[0-9a-f]{32}$"},
    "message_id": {**TEXT, "description": "A submission's id, as a rule."},
    "type": TEXT,
    "queue": {**TEXT, "description": "The work queue it came from, and a replay goes to."},
    "kind": {"enum": list(get_args(Kind)), "description": "Of what kind the reason is."},
    "reason": TEXT,
    "state": {"enum": list(get_args(State))},
    "size_bytes": _NUMBER,
    "parkings": {**_NUMBER, "description": "How often it was parked."},
    "parked_at": MOMENT,
    "age_s": _NUMBER,
    "changed_at": MOMENT,
    "changed_by": TEXT_OR_NONE,
    "note": {**TEXT_OR_NONE, "description": "Why it was discarded."},
}
_CONTENT: dict[str, Schema] = {
    "headers": {"type": "object"},
    "encoding": {"enum": ["json", "text", "base64"], "description": "What `content` is: a value, or a text."},
    "content": {},
    "truncated": {"type": "boolean", "description": "`content` is the beginning: the service's command shows all."},
    "actions": a_list(an_object(at=MOMENT, action=TEXT, by=TEXT_OR_NONE, note=TEXT_OR_NONE)),
}


def described() -> Described:
    """Describe them."""
    one = "/v1/parked/{service}/{id}"
    filters = [
        parameter("service", "Both without it.", **_SERVICE),
        parameter("state", "Of this state, or of all.", enum=[*STATES], default="waiting"),
        parameter("reason", "Those whose reason holds this text.", maxLength=500),
        parameter("cursor", "`next_cursor` of the page before."),
        LIMIT,
    ]
    return {
        "GET /v1/parked": {
            "summary": "Parked messages, newest first",
            "parameters": filters,
            "responses": answer("A page.", ref("ParkedList")),
        },
        "POST /v1/parked/{service}/replay": {
            "summary": f"Replay many, {REPLAY_MOST} at most",
            "requestBody": _body(_which(), {"reason": "not UTF-8"}),
            "responses": answer("How many were.", ref("Replayed")),
        },
        f"GET {one}": _operation("One parked message, with its content"),
        f"POST {one}/replay": _operation("Replay one, byte for byte"),
        f"POST {one}/discard": {
            **_operation("Discard one; its bytes are kept"),
            "requestBody": _body(_why(), {"reason": "nobody sent it"}),
        },
    }


def schemas() -> Mapping[str, Schema]:
    """Describe what they answer."""
    waiting = {"type": "object", "additionalProperties": _NUMBER, "description": "How many wait, by service."}
    remaining = {"type": ["integer", "null"], "description": "How many of these still wait; null with `ids`."}
    return {
        "ParkedList": an_object(
            parked=a_list(an_object(**_ENTRY)),
            next_cursor={**TEXT_OR_NONE, "description": "For `cursor`; null at the end."},
            waiting=waiting,
        ),
        "Parked": an_object(**_ENTRY, **_CONTENT),
        "Replayed": an_object(
            replayed={**_NUMBER, "description": "How many were published again."},
            unknown=a_list(TEXT),
            remaining=remaining,
            problem={**TEXT_OR_NONE, "description": "Why it stopped before the end."},
        ),
    }


def _operation(summary: str) -> dict[str, Any]:
    return {"summary": summary, "responses": answer("As it is then.", ref("Parked"))}


def _body(schema: Schema, example: Any) -> dict[str, Any]:
    return {"required": True, "content": {JSON: {"schema": schema, "example": example}}}


def _which() -> Schema:
    ids = {**a_list(TEXT), "minItems": 1, "maxItems": REPLAY_MOST}
    reason = {**TEXT, "minLength": 1, "description": "Those that wait and whose reason holds this text."}
    return {"oneOf": [an_object(ids=ids), an_object(reason=reason), an_object(all={"const": True})]}


def _why() -> Schema:
    return an_object(reason={**TEXT, "minLength": 1, "maxLength": NOTE_MOST})
