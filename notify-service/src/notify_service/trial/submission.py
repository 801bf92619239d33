"""Makes up a submission that says of itself that it is a test."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from uuid import uuid4

from shared.contracts import SubmissionAccepted, fingerprint
from shared.contracts.strict_json import JsonValue
from shared.forms import Field, Form

MARK = "TEST"
NOTE = f"This is a {MARK}: whoever runs this site tries out how it tells you of submissions. Nobody submitted anything."


def a_submission(form: Form, reply_to: str | None, now: datetime) -> SubmissionAccepted:
    """Return a submission to a form that nobody made, with a value for each of its fields, and one field more: `TEST`.

    `reply_to` stands in each field of type `email`, and is whom a confirmation goes to.
    """
    fields: dict[str, JsonValue] = {MARK: NOTE}
    fields |= {name: _value(field, reply_to) for name, field in (form.fields or {}).items()}
    if reply_to:
        fields["email"] = reply_to
    return SubmissionAccepted(uuid4(), form.name, now, fields, fingerprint(fields))


def marked_form(form: Form) -> Form:
    """Return the form with a title that says so, too."""
    return replace(form, title=f"{MARK}: {form.title}")


def _value(field: Field, reply_to: str | None) -> JsonValue:
    low = field.min if isinstance(field.min, int | float) else 1
    made: dict[str, JsonValue] = {
        "email": reply_to or "test@example.org",
        "url": "https://example.org/test",
        "tel": "+1 555 0100",
        "number": low,
        "integer": int(low),
        "date": (field.min if isinstance(field.min, date) else date(2026, 1, 1)).isoformat(),
        "boolean": True,
        "choice": field.choices[0] if field.choices else MARK,
        "list": list(field.choices[:2]) or [MARK],
    }
    return made.get(field.type, f"{MARK} {field.label or field.name}")
