"""Describes the operator's addresses, and what parked messages look like."""

from __future__ import annotations

from typing import Any, get_args

from gateway.openapi.shapes import MOMENT, TEXT, TEXT_OR_NONE, a_list, an_object, answer, ref, refused_with
from gateway.owner.reading import LIMIT_DEFAULT, LIMIT_MOST
from gateway.receipts.queries import PARKED_AT
from shared.parked.limits import NOTE_MOST, REPLAY_MOST
from shared.parked.states import Kind, State

Part = dict[str, Any]

_NUMBER: Part = {"type": "integer", "minimum": 0}
_SERVICE: Part = {"enum": list(PARKED_AT)}
_ENTRY: dict[str, Part] = {
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
_CONTENT: dict[str, Part] = {
    "headers": {"type": "object"},
    "encoding": {"enum": ["json", "text", "base64"], "description": "What `content` is: a value, or a text."},
    "content": {},
    "truncated": {"type": "boolean", "description": "`content` is the beginning: the service's command shows all."},
    "actions": a_list(an_object(at=MOMENT, action=TEXT, by=TEXT_OR_NONE, note=TEXT_OR_NONE)),
}

SHAPES: dict[str, Part] = {
    "ParkedList": an_object(
        parked=a_list(an_object(**_ENTRY)),
        next_cursor={**TEXT_OR_NONE, "description": "For `cursor`; null at the end."},
        waiting={"type": "object", "additionalProperties": _NUMBER, "description": "How many wait, by service."},
    ),
    "Parked": an_object(**_ENTRY, **_CONTENT),
    "Replayed": an_object(
        replayed={**_NUMBER, "description": "How many were published again."},
        unknown=a_list(TEXT),
        remaining={"type": ["integer", "null"], "description": "How many of these still wait; null with `ids`."},
        problem={**TEXT_OR_NONE, "description": "Why it stopped before the end."},
    ),
}


def operator_paths() -> dict[str, Part]:
    """Return the addresses for operators."""
    service = _parameter("path", "service", "Who keeps it.", _SERVICE)
    parked_id = _parameter("path", "id", "Its `id` in the list.", _ENTRY["id"])
    one = "/v1/parked/{service}/{id}"
    return {
        "/v1/parked": {"get": _operation("Parked messages, newest first", "ParkedList", parameters=_filters())},
        "/v1/parked/{service}/replay": {
            "parameters": [service],
            "post": _operation(f"Replay many, {REPLAY_MOST} at most", "Replayed", body=_which(), also=(413, 415, 422)),
        },
        one: {
            "parameters": [service, parked_id],
            "get": _operation("One parked message, with its content", "Parked"),
        },
        f"{one}/replay": {
            "parameters": [service, parked_id],
            "post": _operation("Replay one, byte for byte", "Parked"),
        },
        f"{one}/discard": {
            "parameters": [service, parked_id],
            "post": _operation("Discard one; its bytes are kept", "Parked", body=_why(), also=(409, 413, 415, 422)),
        },
    }


def _operation(
    summary: str,
    shape: str,
    *,
    parameters: list[Part] | None = None,
    body: Part | None = None,
    also: tuple[int, ...] = (),
) -> Part:
    made: Part = {"summary": summary, "security": [{"operator": []}], "parameters": parameters or []}
    if body is not None:
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    refused = refused_with((400, 401, 404, 405, *also, 503), json_alone=True)
    return {**made, "responses": {"200": answer("As it is then.", ref(shape)), **refused}}


def _parameter(place: str, name: str, description: str, schema: Part) -> Part:
    return {"name": name, "in": place, "required": place == "path", "description": description, "schema": schema}


def _filters() -> list[Part]:
    states = {"enum": [*get_args(State), "all"], "default": "waiting"}
    limit = {"type": "integer", "minimum": 1, "maximum": LIMIT_MOST, "default": LIMIT_DEFAULT}
    return [
        _parameter("query", "service", "Both without it.", _SERVICE),
        _parameter("query", "state", "Of this state, or of all.", states),
        _parameter("query", "reason", "Those whose reason holds this text.", TEXT),
        _parameter("query", "cursor", "`next_cursor` of the page before.", TEXT),
        _parameter("query", "limit", "How many at most.", limit),
    ]


def _which() -> Part:
    ids = {**a_list(TEXT), "minItems": 1, "maxItems": REPLAY_MOST}
    reason = {**TEXT, "minLength": 1, "description": "Those that wait and whose reason holds this text."}
    return {"oneOf": [an_object(ids=ids), an_object(reason=reason), an_object(all={"const": True})]}


def _why() -> Part:
    return an_object(reason={**TEXT, "minLength": 1, "maxLength": NOTE_MOST})
