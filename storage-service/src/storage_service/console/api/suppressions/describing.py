"""Describes the addresses below `/v1/suppressions`."""

from __future__ import annotations

from collections.abc import Mapping

from shared.mail_addresses import ADDRESS_MOST
from shared.web.schemas import MOMENT, TEXT, TEXT_OR_NONE, Schema, a_list, an_object, ref
from storage_service.console.describing import Described, answer, body
from storage_service.console.parameters import CURSOR, LIMIT
from storage_service.console.suppressions import NOTE_MOST

REASONS = ("bounced", "complained", "unsubscribed", "by-hand")

_ADDRESS: Schema = {**TEXT, "format": "email", "maxLength": ADDRESS_MOST}
_FORM: Schema = {**TEXT_OR_NONE, "description": "The form whose mails stop; null for every form's."}


def described() -> Described:
    """Describe them."""
    note: Schema = {**TEXT_OR_NONE, "maxLength": NOTE_MOST, "description": "Why, for who looks later."}
    wanted = an_object("form", "note", address=_ADDRESS, form=_FORM, note=note)
    stands = ref("Suppression")
    return {
        "GET /v1/suppressions": {
            "summary": "Addresses that are sent no mail, newest first",
            "parameters": [LIMIT, CURSOR],
            "responses": answer("A page.", ref("Suppressions")),
        },
        "POST /v1/suppressions/find": {
            "summary": "What stands there of one address; `next_cursor` is null",
            "requestBody": body(an_object(address=_ADDRESS), {"address": "ada@example.org"}),
            "responses": answer("All of it.", ref("Suppressions")),
        },
        "POST /v1/suppressions": {
            "summary": "Have an address sent no mail",
            "requestBody": body(wanted, {"address": "ada@example.org", "note": "asked on the phone"}),
            "responses": {**answer("It stood there already.", stands), **answer("From now on.", stands, 201)},
        },
        "DELETE /v1/suppressions/{id}": {
            "summary": "Take one back: mail is sent again. What was not sent is sent again by a resend",
            "responses": {"204": {"description": "It is taken back."}},
        },
    }


def schemas() -> Mapping[str, Schema]:
    """Describe what they answer."""
    one = an_object(
        id={**TEXT, "description": "For taking it back."},
        address={**TEXT, "description": "Its first character and its domain: `a…@example.org`."},
        form=_FORM,
        stops={"enum": ["all", "digests"], "description": "Which mails stop: all, or digests alone."},
        reason={"enum": list(REASONS)},
        at=MOMENT,
        by={**TEXT_OR_NONE, "description": "Who had it suppressed; null for the address's own, or a mail server."},
        said={**TEXT_OR_NONE, "description": "What a mail server said, or a note."},
    )
    page = an_object(
        suppressions=a_list(ref("Suppression")),
        next_cursor={**TEXT_OR_NONE, "description": "For `cursor`; null at the end."},
    )
    return {"Suppression": one, "Suppressions": page}
