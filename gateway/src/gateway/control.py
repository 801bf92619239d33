"""Control fields: what a page says to the back end inside its form, apart from what a person typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.errors import FieldError, invalid
from gateway.text import LINE_BREAK_MESSAGE, has_line_break, is_email
from shared.contracts import JsonValue

KEY = "_idempotency_key"
HONEYPOT = "_gotcha"
SUBJECT_LIMIT = 300

_DROPPED = frozenset({"_cc", "_format"})
_CARRIED = ("_next", "_redirect", "_subject", "_replyto", "_language")
_NAMES = frozenset({*_CARRIED, *_DROPPED, KEY, HONEYPOT})


@dataclass(frozen=True, slots=True)
class ControlFields:
    """What the control fields of one submission say.

    `carried` holds them as they came, for a page that offers the form again.
    """

    next: str | None = None
    subject: str | None = None
    reply_to: str | None = None
    language: str | None = None
    key: str | None = None
    caught: bool = False
    carried: Mapping[str, str] = field(default_factory=dict)


NONE = ControlFields()


def split(values: Mapping[str, JsonValue], honeypot: str | None) -> tuple[dict[str, JsonValue], ControlFields]:
    """Return the fields and the control fields of a submission; raises `Refused` (422) for a bad control field."""
    names = [name for name in values if name in _NAMES or name == honeypot]
    if not names:
        return dict(values), NONE
    fields = {name: value for name, value in values.items() if name not in names}
    caught = any(values[name] for name in names if name in (HONEYPOT, honeypot))
    if caught:
        return fields, ControlFields(caught=True)
    said = {name: value for name in names if (value := _text(name, values[name]))}
    return fields, ControlFields(
        next=said.get("_next") or said.get("_redirect"),
        subject=_subject(said.get("_subject")),
        reply_to=_reply_to(said.get("_replyto")),
        language=said.get("_language"),
        key=said.get(KEY),
        carried={name: said[name] for name in _CARRIED if name in said},
    )


def _text(name: str, value: JsonValue) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise invalid(FieldError("TYPE_TEXT", f"{name} must be text, and stand once.", name))


def _subject(text: str | None) -> str | None:
    if text is None:
        return None
    if has_line_break(text):
        raise invalid(FieldError("LINE_BREAK", LINE_BREAK_MESSAGE, "_subject"))
    if len(text) > SUBJECT_LIMIT:
        raise invalid(FieldError("TOO_LONG", f"At most {SUBJECT_LIMIT} characters, please.", "_subject"))
    return text


def _reply_to(text: str | None) -> str | None:
    if text is None:
        return None
    if not is_email(text):
        raise invalid(FieldError("TYPE_EMAIL", "Please enter an email address.", "_replyto"))
    return text
