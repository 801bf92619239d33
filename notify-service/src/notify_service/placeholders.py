"""`{name}` in a form's templates: the value of the field `name`, taken literally, and nothing cleverer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from shared.contracts import JsonValue
from shared.forms import Form, Forms, FormsError

_PLACEHOLDER = re.compile(r"\{([^\W_][\w .-]{0,99})\}")
"""A field's name, as `shared.forms` allows it, in braces; whatever else stands in braces is plain text."""


def fill(template: str, fields: Mapping[str, JsonValue]) -> str:
    """Return the template with each placeholder replaced; a value is never looked at for placeholders again.

    Text and numbers stand as they are; a field that is missing, or is neither, leaves nothing.
    """
    return _PLACEHOLDER.sub(lambda found: _text(fields.get(found[1])), template)


def check(forms: Forms) -> None:
    """Raise `FormsError`, naming each place, where a template names a field that its form does not have."""
    problems = [problem for form in forms.values() for problem in _problems(form)]
    if problems:
        raise FormsError("these templates are wrong:\n" + "\n".join(f"  - {problem}" for problem in problems))


def _problems(form: Form) -> Iterator[str]:
    if form.fields is None:
        return
    for part in ("subject", "text"):
        for name in _PLACEHOLDER.findall(getattr(form.confirmation, part)):
            if name not in form.fields:
                known = ", ".join(form.fields) or "none"
                yield f"forms.{form.name}.confirmation.{part}: {{{name}}} is no field of this form; its fields: {known}"


def _text(value: JsonValue) -> str:
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
