"""Says which fields take several lines of text."""

from __future__ import annotations

from shared.forms.definitions import Field, Form
from shared.forms.placeholders import names_in

TEXTAREA_FROM = 300
"""A text field that may be longer than this is a text area, and may have several lines."""


def is_single_line(field: Field, form: Form) -> bool:
    """Return whether a field takes one line only: all but long texts, and those that stand in the mail's subject."""
    in_subject = field.name in names_in(form.confirmation.subject)
    return field.type != "text" or field.max_length <= TEXTAREA_FROM or in_subject
