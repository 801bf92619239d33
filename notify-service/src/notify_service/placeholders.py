"""`{name}` in a form's templates: the value of the field `name`, taken literally, and nothing cleverer."""

from __future__ import annotations

from collections.abc import Mapping

from shared.contracts import JsonValue
from shared.forms.placeholders import PLACEHOLDER


def fill(template: str, fields: Mapping[str, JsonValue]) -> str:
    """Return the template with each placeholder replaced; a value is never looked at for placeholders again.

    Text and numbers stand as they are; a field that is missing, or is neither, leaves nothing.
    """
    return PLACEHOLDER.sub(lambda found: _text(fields.get(found[1])), template)


def _text(value: JsonValue) -> str:
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
