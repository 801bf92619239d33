"""Describes the answers as JSON Schema."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from gateway.http.negotiation import HTML, JSON, PROBLEM
from gateway.receipts.progress import State
from shared.contracts import ConfirmationState
from shared.web.schemas import ID as _ID
from shared.web.schemas import MOMENT, TEXT, TEXT_OR_NONE, Schema, a_list, an_object, ref
from shared.web.schemas import MOMENT_OR_NONE as _MOMENT_OR_NONE

__all__ = [
    "EVENTS",
    "MOMENT",
    "SCHEMAS",
    "SCRIPT",
    "TEXT",
    "TEXT_OR_NONE",
    "Schema",
    "a_list",
    "an_object",
    "answer",
    "ref",
    "refusals",
    "refused_with",
]

_FIELDS: Schema = {"type": "object", "description": "The submitted values by name."}
_TRUE: Schema = {"const": True}
_FALSE: Schema = {"const": False}


_STATES = list(get_args(ConfirmationState))
_CONFIRMATION: dict[str, Schema] = {
    "channel": TEXT,
    "state": {"enum": [state for state in _STATES if state != "held"]},
    "attempts": {"type": "integer", "minimum": 0},
    "at": _MOMENT_OR_NONE,
}
_DELIVERY: dict[str, Schema] = {
    **_CONFIRMATION,
    "state": {"enum": _STATES, "description": "`held`: a cap on mails holds it back; it goes once there is room."},
    "limit": {**TEXT, "description": "Which cap holds it, or made it fail: `source`, `share`, `form`, `recipient`."},
    "error": {**TEXT, "description": "Why it is tried again, or has failed."},
}
_DELIVERED: dict[str, Schema] = {
    "id": {"type": ["string", "null"], "format": "uuid"},
    "channel": TEXT,
    "destination": {**TEXT_OR_NONE, "description": "Enough to know it by, such as `a…@example.org`."},
    "state": {"enum": ["pending", "sending", "retrying", "held", "sent", "failed", "cancelled"]},
    "attempts": {"type": "integer", "minimum": 0},
    "reason": {**TEXT_OR_NONE, "description": "Why it is in this state, and what to do, in words."},
    "error": {**TEXT_OR_NONE, "description": "The same for programs."},
    "limit": {**TEXT_OR_NONE, "description": "As in `confirmations`."},
    "requested_by": {**TEXT_OR_NONE, "description": "Who asked to send it again."},
    "created_at": _MOMENT_OR_NONE,
    "changed_at": _MOMENT_OR_NONE,
    "next_attempt_at": _MOMENT_OR_NONE,
    "parked_at": {**_MOMENT_OR_NONE, "description": "Since when its message waits for a person."},
    "tries": {
        **a_list(
            an_object(
                number={"type": "integer", "minimum": 1},
                at=MOMENT,
                took_ms={"type": "integer", "minimum": 0},
                outcome={"enum": ["sent", "retrying", "failed"]},
                said={**TEXT, "description": "What the other side said, or why it said nothing."},
            )
        ),
        "description": "The last five, newest first; they are kept for 30 days.",
    },
}
_ERROR = an_object(
    "field", code={"type": "string", "description": "For programs."}, message=TEXT, field={"type": "string"}
)
_REFUSED: dict[str, Schema] = {
    "ok": _FALSE,
    "success": _FALSE,
    "error": {"type": "string", "description": "What is wrong, in a sentence for the submitter."},
    "message": TEXT,
    "errors": a_list(ref("Error")),
}
_STATE: Schema = {"enum": list(get_args(State))}
_STORED: dict[str, Schema] = {
    "id": _ID,
    "form": TEXT,
    "accepted_at": MOMENT,
    "stored_at": MOMENT,
    "fields": _FIELDS,
    "fingerprint": TEXT,
    "source": {"type": "object", "additionalProperties": TEXT_OR_NONE},
    "control": {"type": "object", "additionalProperties": TEXT_OR_NONE},
    "spam": {**TEXT_OR_NONE, "description": "Why it is taken for spam."},
    "receipt_url": {**TEXT_OR_NONE, "description": "Where whoever submitted finds the receipt."},
}
_CONFLICT = an_object(fingerprint=TEXT, fields=_FIELDS, accepted_at=MOMENT, received_at=MOMENT)

SCHEMAS: dict[str, Schema] = {
    "Accepted": an_object(
        ok=_TRUE, success=_TRUE, message=TEXT, id=_ID, submission_id=_ID, next=TEXT, receipt_url=TEXT
    ),
    "Error": _ERROR,
    "Refused": an_object(**_REFUSED),
    "Problem": an_object(type=TEXT, title=TEXT, status={"type": "integer"}, detail=TEXT, **_REFUSED),
    "Confirmation": an_object(**_CONFIRMATION),
    "Delivery": an_object("limit", "error", **_DELIVERY),
    "Delivered": an_object(**_DELIVERED),
    "Receipt": an_object(
        id=_ID,
        form=TEXT,
        state=_STATE,
        accepted_at=MOMENT,
        stored_at=_MOMENT_OR_NONE,
        confirmations=a_list(ref("Confirmation")),
        final={"type": "boolean", "description": "Nothing more is to come."},
        unknown={**a_list({"enum": ["stored_at", "confirmations"]}), "description": "What nobody answered for."},
    ),
    "Submission": an_object(
        **_STORED,
        conflicts=a_list(_CONFLICT),
        state=_STATE,
        confirmations=a_list(ref("Delivery")),
        webhooks={**a_list(ref("Delivery")), "description": "What the owner was sent, such as the form's webhook."},
        deliveries={**a_list(ref("Delivered")), "description": "All of them, with their tries."},
        unknown=a_list(TEXT),
    ),
    "Submissions": an_object(
        submissions=a_list(an_object(**_STORED, conflict_count={"type": "integer", "minimum": 0})),
        next_cursor={**TEXT_OR_NONE, "description": "For `cursor`; null at the end."},
    ),
    "Alive": an_object(ok=_TRUE),
    "Ready": an_object(ok={"type": "boolean"}, missing={**a_list(TEXT), "description": "What is not there."}),
}

_REFUSALS = {
    400: "The request is malformed, or carries a wrong or a second idempotency key.",
    401: "A key is needed, an API key to read or an operator's.",
    403: "The form takes nothing from this page, or nothing at all now.",
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
    409: "Something else was already submitted under this idempotency key, or it is too late for this.",
    413: "Too large, too many fields, or a body without a length.",
    415: "Another type of body, or a compressed one.",
    422: "Fields are wrong; each is named.",
    429: "Too many requests; `Retry-After` says when to try again.",
    503: "Not now, and perhaps it has happened all the same; try again after `Retry-After`, with the same key.",
}
_HEADERS = {
    401: {"WWW-Authenticate": {"required": True, "schema": TEXT}},
    405: {"Allow": {"required": True, "schema": TEXT}},
    429: {"Retry-After": {"required": True, "schema": {"type": "integer", "minimum": 0}}},
    503: {"Retry-After": {"required": True, "schema": {"type": "integer", "minimum": 0}}},
}
_PAGE: Schema = {"schema": {"type": "string", "description": "The same as a page, for a browser."}}

EVENTS: Schema = {
    "description": "An event for each change, until the receipt is final.",
    "content": {
        "text/event-stream": {
            "schema": an_object(
                id={**TEXT, "description": "For `Last-Event-ID`."},
                event={"const": "receipt"},
                data={**TEXT, "contentMediaType": JSON, "contentSchema": ref("Receipt")},
            )
        }
    },
}
SCRIPT: Schema = {"description": "The script.", "content": {"text/javascript": {"schema": TEXT}}}


def answer(description: str, json: Schema | None = None, *, page: bool = False, **headers: Schema) -> Schema:
    """Return one response: JSON, a page, both or neither."""
    content: Schema = {JSON: {"schema": json}} if json else {}
    if page:
        content[HTML] = _PAGE
    made: Schema = {"description": description}
    if content:
        made["content"] = content
    if headers:
        made["headers"] = {name.replace("_", "-"): {"schema": schema} for name, schema in headers.items()}
    return made


def refusals() -> dict[str, Schema]:
    """Return every refusal as a shared response: by its status in all styles, and as `<status>.json` in JSON alone."""
    found: dict[str, Schema] = {}
    for status, description in _REFUSALS.items():
        alone = answer(description, ref("Refused"))
        if status in _HEADERS:
            alone["headers"] = _HEADERS[status]
        styles = {**alone["content"], PROBLEM: {"schema": ref("Problem")}, HTML: _PAGE}
        found |= {f"{status}.json": alone, str(status): {**alone, "content": styles}}
    return found


def refused_with(statuses: Sequence[int], *, json_alone: bool = False) -> dict[str, Schema]:
    """Return references to refusals, as they stand among an operation's responses."""
    ending = ".json" if json_alone else ""
    return {str(status): {"$ref": f"#/components/responses/{status}{ending}"} for status in statuses}
