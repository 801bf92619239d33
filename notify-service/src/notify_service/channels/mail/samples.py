"""Invents a submission of a form, to show what its mails look like."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from shared.contracts import Control, JsonValue, Source, SubmissionAccepted, SubmittedFile, fingerprint
from shared.forms import Field, Form
from shared.forms.examples import example_file

_ID = UUID("019aac3c-7a3b-7a52-8d1f-6f350a0e9e0a")
_ADDRESS = "ada@example.org"
_RECEIPT = "https://forms.example.org/receipts/example"
_NAME = "Ada Lovelace"
_LONG = 300
"""Characters from which on a text may have lines."""

_BY_TYPE: Mapping[str, JsonValue] = {
    "email": _ADDRESS,
    "url": "https://www.example.org/about",
    "tel": "+44 20 7946 0018",
    "number": 12.5,
    "integer": 2,
    "boolean": True,
    "date": "2026-11-22",
    "list": ["One", "Two"],
}
_WITHOUT_FIELDS: Mapping[str, JsonValue] = {"name": _NAME, "email": _ADDRESS, "message": "Two lines\nof a message."}


def sample_of(form: Form, language: str | None, now: datetime) -> SubmissionAccepted:
    """Return a submission with a value or a file in every field of a form, by somebody who asks for a language.

    The files are told of, and lie nowhere: a mail that should bring them says that they could not be read.
    """
    known = [*(form.fields or {}).values()]
    fields = _WITHOUT_FIELDS if form.fields is None else {one.name: _value(one) for one in known if one.file is None}
    files = tuple(_file(one, number) for number, one in enumerate((one for one in known if one.file), start=1))
    return SubmissionAccepted(
        id=_ID,
        form=form.name,
        accepted_at=now,
        fields=fields,
        fingerprint=fingerprint(fields, files),
        source=Source(ip="203.0.113.7", referer="https://www.example.org/contact", language=language),
        control=Control(reply_to=_ADDRESS),
        receipt_url=_RECEIPT,
        files=files,
        opt_in=form.confirmation.opt_in,
    )


def _file(field: Field, number: int) -> SubmittedFile:
    name, key = example_file(field), f"example/2026-11-22/00000000000000000000000000/{number}"
    return SubmittedFile(field.name, name, name, "application/octet-stream", 48 * 1024, "0" * 64, key)


def _value(field: Field) -> JsonValue:
    if field.choices:
        return list(field.choices[:2]) if field.type == "list" else field.choices[0]
    if field.type in _BY_TYPE:
        return _BY_TYPE[field.type]
    if field.name.lower() == "name":
        return _NAME
    text = f"What was typed as {field.label or field.name}."
    return f"{text}\nIt may have lines." if field.max_length > _LONG else text
