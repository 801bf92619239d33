"""Makes up a submission that says of itself that it is a test."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from shared.contracts import SubmissionAccepted, fingerprint
from shared.contracts.strict_json import JsonValue
from shared.forms import Form
from shared.forms.examples import MARK, values_for_test

NOTE = f"This is a {MARK}: whoever runs this site tries out how it tells you of submissions. Nobody submitted anything."


def a_submission(form: Form, reply_to: str | None, now: datetime) -> SubmissionAccepted:
    """Return a submission to a form that nobody made, with values but no files in its fields, and one more: `TEST`.

    `reply_to` stands in each field of type `email`, and is whom a confirmation goes to.
    """
    fields: dict[str, JsonValue] = {MARK: NOTE}
    fields |= values_for_test((form.fields or {}).values(), reply_to)
    if reply_to:
        fields["email"] = reply_to
    return SubmissionAccepted(uuid4(), form.name, now, fields, fingerprint(fields))


def marked_form(form: Form) -> Form:
    """Return the form with a title that says so, too."""
    return replace(form, title=f"{MARK}: {form.title}")
