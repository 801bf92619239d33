"""Describes the answers as JSON Schema."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from gateway.http.negotiation import HTML, JSON, PROBLEM
from gateway.receipts.progress import OptIn, State
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

_TRUE: Schema = {"const": True}
_FALSE: Schema = {"const": False}


_STATES = list(get_args(ConfirmationState))
_CONFIRMATION: dict[str, Schema] = {
    "channel": TEXT,
    "state": {"enum": [state for state in _STATES if state != "held"]},
    "attempts": {"type": "integer", "minimum": 0},
    "at": _MOMENT_OR_NONE,
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
_OPT_IN: Schema = {
    "enum": [None, *get_args(OptIn)],
    "description": "Whether the address was confirmed by the button in a mail; null where nobody has to.",
}

SCHEMAS: dict[str, Schema] = {
    "Accepted": an_object(
        ok=_TRUE, success=_TRUE, message=TEXT, id=_ID, submission_id=_ID, next=TEXT, receipt_url=TEXT
    ),
    "Error": _ERROR,
    "Refused": an_object(**_REFUSED),
    "Problem": an_object(type=TEXT, title=TEXT, status={"type": "integer"}, detail=TEXT, **_REFUSED),
    "Confirmation": an_object(**_CONFIRMATION),
    "Receipt": an_object(
        id=_ID,
        form=TEXT,
        state=_STATE,
        accepted_at=MOMENT,
        stored_at=_MOMENT_OR_NONE,
        confirmations=a_list(ref("Confirmation")),
        opt_in=_OPT_IN,
        opted_in_at=_MOMENT_OR_NONE,
        final={"type": "boolean", "description": "Nothing more is to come."},
        unknown={**a_list({"enum": ["stored_at", "confirmations"]}), "description": "What nobody answered for."},
    ),
    "BouncesTold": an_object(ok=_TRUE, told={"type": "integer", "description": "Of how many mails."}),
    "Unsubscribed": an_object(ok=_TRUE, form=TEXT, unsubscribed={"type": "boolean"}),
    "OptIn": an_object(
        ok=_TRUE,
        id=_ID,
        form=TEXT,
        opt_in={"enum": [None, "waiting", "confirmed"], "description": "Null while nobody can say."},
        expires_at=MOMENT,
    ),
    "MailAgain": an_object(ok=_TRUE, sent={"type": "integer"}, left={"type": "integer"}),
    "Alive": an_object(ok=_TRUE),
    "Ready": an_object(ok={"type": "boolean"}, missing={**a_list(TEXT), "description": "What is not there."}),
}

_REFUSALS = {
    400: "The request is malformed, or carries a wrong or a second idempotency key.",
    403: "The form takes nothing from this page, or nothing at all now.",
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
    408: "Files came too slowly; nothing was stored.",
    409: "Something else was already submitted under this idempotency key, or what was is erased since a moment; or "
    "there is no mail to send.",
    410: "It has expired, or what it was about is erased.",
    413: "Too large, too many fields, or a body without a length.",
    415: "Another type of body, or a compressed one.",
    422: "Fields are wrong; each is named.",
    429: "Too many requests; `Retry-After` says when to try again.",
    503: "Not now, and perhaps it has happened all the same; try again after `Retry-After`, with the same key.",
}
_HEADERS = {
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
    """Return every refusal as a shared response, by its status, in all styles."""
    found: dict[str, Schema] = {}
    for status, description in _REFUSALS.items():
        alone = answer(description, ref("Refused"))
        if status in _HEADERS:
            alone["headers"] = _HEADERS[status]
        styles = {**alone["content"], PROBLEM: {"schema": ref("Problem")}, HTML: _PAGE}
        found[str(status)] = {**alone, "content": styles}
    return found


def refused_with(statuses: Sequence[int]) -> dict[str, Schema]:
    """Return references to refusals, as they stand among an operation's responses."""
    return {str(status): {"$ref": f"#/components/responses/{status}"} for status in statuses}
