"""`{name}` in a form's templates: the value of the field `name`, taken literally, and nothing cleverer."""

from __future__ import annotations

from collections.abc import Mapping

from notify_service.channels.mail.repeating import CLOSE, OPEN, parted, repeated
from shared.contracts import JsonValue
from shared.forms.placeholders import PLACEHOLDER


def fill(template: str, fields: Mapping[str, JsonValue], *, typed: int, most: int) -> str:
    """Return the template with each placeholder replaced by what may be repeated of its field.

    All placeholders together repeat `typed` characters of what was typed; what comes first has them first. A value is
    never looked at for placeholders again. Text and numbers are shown; a field that is missing, or is neither, leaves
    nothing. No more is made than a little beyond `most` characters: there the rest is left out.
    """
    template = template.replace(OPEN, "").replace(CLOSE, "")
    parts, length, at = list[str](), 0, 0
    for found in PLACEHOLDER.finditer(template):
        if length > most:
            break
        value = repeated(_text(fields.get(found[1])), typed)
        typed -= min(typed, len(value))
        parts += [template[at : found.start()], f"{OPEN}{value}{CLOSE}" if value else ""]
        length += len(parts[-1]) + len(parts[-2])
        at = found.end()
    else:
        parts.append(template[at:])
    return parted("".join(parts))


def _text(value: JsonValue) -> str:
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
