"""Shows a submission as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, get_args
from uuid import UUID

from sqlalchemy import Column

from shared.database import iso
from shared.forms import Forms
from shared.forms.labels import labels_of
from shared.spam import words_of
from shared.web.schemas import ID, MOMENT, MOMENT_OR_NONE, TEXT, TEXT_OR_NONE, Schema, a_list, an_object
from storage_service.queries import as_json
from storage_service.records import OptInState, Record
from storage_service.tables import submissions, told_of_the_event
from storage_service.work import Note


def shown(record: Record, forms: Forms) -> dict[str, Any]:
    """Return what an owner sees of a submission in a list; `SUBMISSION` describes it."""
    return {
        **{one.name: as_json(getattr(record, one.name)) for one in _STORED},
        "sealed": [*record.sealed],
        "reasons": [{"code": one, "words": words_of(one)} for one in record.score_reasons or ()],
        "conflict_count": record.conflict_count,
        "file_count": record.file_count,
        **handled(record),
        "field_labels": labels_of(forms.get(record.form), {**record.fields, **record.sealed}),
    }


def handled(record: Record) -> dict[str, Any]:
    """Return how far people have come with a submission.

    `status` is what `is:new` and its like ask for. `state` is taken: it always was the receipt's.
    """
    return {
        "status": record.state,
        "starred": record.starred,
        "labels": list(record.labels),
        "assignee": record.assignee,
        "imported_at": None if record.imported_at is None else iso(record.imported_at),
        "opt_in": record.opt_in_state,
        "opted_in_at": None if record.opted_in_at is None else iso(record.opted_in_at),
        "version": record.version,
    }


def shown_note(note: Note) -> dict[str, Any]:
    """Return a note on a submission; `NOTE` describes it."""
    return {"version": note.version, "at": iso(note.at), "by": note.by, "text": note.text}


FIELDS: Schema = {"type": "object", "description": "The submitted values by name, in the form's order."}
SOURCE: Schema = {"type": "object", "additionalProperties": TEXT_OR_NONE}

SEALED: Schema = {**a_list(TEXT), "description": "The names of its sealed fields."}

_DESCRIBED: Mapping[str, Schema] = {
    "fields": FIELDS,
    "source": SOURCE,
    "control": SOURCE,
    "spam": {**TEXT_OR_NONE, "description": "Why it is spam; null where it is not."},
    "score": {"type": ["integer", "null"], "description": "How much it looked like spam, 0 to 100."},
    "receipt_url": {**TEXT_OR_NONE, "description": "Where whoever submitted finds the receipt."},
    "sealed": SEALED,
}
_BY_TYPE: Mapping[type, Schema] = {UUID: ID, datetime: MOMENT, str: TEXT}
_STORED = told_of_the_event(submissions)


def _described(column: Column[Any]) -> Schema:
    """Return how a column is described that is shown as it is stored."""
    of_its_type = TEXT_OR_NONE if column.nullable else _BY_TYPE.get(column.type.python_type, {})
    return _DESCRIBED.get(column.name, of_its_type)


STORED: dict[str, Schema] = {one.name: _described(one) for one in _STORED}
"""What came of a submission, as the table has it."""

HANDLED: dict[str, Schema] = {
    "status": {"enum": ["new", "open", "done"], "description": "How far people have come with it."},
    "starred": {"type": "boolean"},
    "labels": a_list(TEXT),
    "assignee": {**TEXT_OR_NONE, "description": "Who takes care of it: an address of mail."},
    "imported_at": {**MOMENT_OR_NONE, "description": "When it was taken over from elsewhere; null where it was not."},
    "opt_in": {
        "enum": [None, *get_args(OptInState)],
        "description": "Whether whoever has its address has confirmed it; null where nobody was asked to.",
    },
    "opted_in_at": {**MOMENT_OR_NONE, "description": "When they confirmed it."},
    "version": {"type": "integer", "minimum": 1, "description": "Grows with each change."},
}
LABELS: Schema = {"type": "object", "additionalProperties": TEXT, "description": "What the form calls each field."}
COUNT: Schema = {"type": "integer", "minimum": 0}

REASONS: Schema = {
    **a_list(an_object(code=TEXT, words=TEXT)),
    "description": "What weighed most for its score: as a machine writes it, and in words.",
}

PROOF: Schema = {
    "oneOf": [
        an_object(
            at={**MOMENT, "description": "When the button was pressed."},
            ip={**TEXT_OR_NONE, "description": "From which network address."},
            user_agent=TEXT_OR_NONE,
            recipient={**TEXT, "description": "A mark of the mailbox that the mail went to."},
            link_expires_at={**MOMENT, "description": "Until when the link in that mail was good."},
            recorded_at={**MOMENT, "description": "When it was stored."},
        ),
        {"type": "null"},
    ],
    "description": "What is known of how its address was confirmed; null where it was not.",
}

SUBMISSION = an_object(
    **STORED, reasons=REASONS, conflict_count=COUNT, file_count=COUNT, **HANDLED, field_labels=LABELS
)

NOTE = an_object(
    version={"type": "integer", "description": "The version of the submission that it made."},
    at=MOMENT,
    by={**TEXT, "description": "Who wrote it: the name of a key."},
    text=TEXT,
)
