"""Control fields: what a page says to the back end inside its form, apart from what a person typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.byproducts import Byproducts
from gateway.dialects import Role, roles_of
from gateway.errors import FieldError
from gateway.text import LINE_BREAK_MESSAGE, has_line_break, is_email
from shared.contracts import JsonValue
from shared.forms import Form

SUBJECT_LIMIT = 300

_CARRIED: frozenset[Role] = frozenset({"subject", "reply_to", "language", "captcha"})
_UNTICKED = frozenset({"", "false"})


@dataclass(frozen=True, slots=True)
class ControlFields:
    """What the control fields of one submission say, and what is wrong with them.

    `carried` holds those that a page offering the form again repeats as they came, by name; `trapped` the traps that
    were filled in, with what stood in them.
    """

    next: str | None = None
    subject: str | None = None
    reply_to: str | None = None
    language: str | None = None
    key: str | None = None
    access_key: str | None = None
    captcha: str | None = None
    trapped: Mapping[str, JsonValue] = field(default_factory=dict)
    carried: Mapping[str, str] = field(default_factory=dict)
    errors: tuple[FieldError, ...] = ()


NONE = ControlFields()


class Controls:
    """Knows the control fields of one form."""

    def __init__(self, form: Form) -> None:
        self._roles = roles_of(form)
        self._byproducts = Byproducts(form)

    def split(self, values: Mapping[str, JsonValue]) -> tuple[dict[str, JsonValue], ControlFields]:
        """Return the fields and the control fields of a submission, without what browsers and frameworks add to it.

        Whoever fills in a trap makes no errors; what is wrong is left out.
        """
        names = [name for name in values if name in self._roles]
        fields = {name: value for name, value in values.items() if name not in self._roles} if names else dict(values)
        for name in self._byproducts.among(fields):
            del fields[name]
        if not names:
            return fields, NONE
        traps = (name for name in names if self._roles[name] == "trap")
        trapped = {name: values[name] for name in traps if _is_filled(values[name])}
        said = {name: text for name in names if (text := _text(values[name]))}
        errors = self._errors({name: values[name] for name in names})
        wrong = {error.field for error in errors}
        by_role: dict[Role, str] = {}
        for name, text in said.items():
            if name not in wrong:
                by_role.setdefault(self._roles[name], text)
        return fields, ControlFields(
            next=by_role.get("next"),
            subject=by_role.get("subject"),
            reply_to=by_role.get("reply_to"),
            language=by_role.get("language"),
            key=by_role.get("key"),
            access_key=by_role.get("access_key"),
            captcha=by_role.get("captcha"),
            trapped=trapped,
            carried={name: text for name, text in said.items() if self._roles[name] in _CARRIED},
            errors=() if trapped else tuple(errors),
        )

    def _errors(self, given: Mapping[str, JsonValue]) -> list[FieldError]:
        found = ((name, _wrong(self._roles[name], value)) for name, value in given.items())
        return [FieldError(wrong[0], wrong[1], name) for name, wrong in found if wrong]


def _is_filled(value: JsonValue) -> bool:
    """Return whether a trap was filled in; a box that is not ticked may come as false."""
    if isinstance(value, list):
        return any(_is_filled(one) for one in value)
    return value.strip().lower() not in _UNTICKED if isinstance(value, str) else bool(value)


def _text(value: JsonValue) -> str | None:
    if isinstance(value, list):
        value = next(iter(value), None)
    return value if isinstance(value, str) else None


def _wrong(role: Role, value: JsonValue) -> tuple[str, str] | None:
    if role in ("trap", "captcha", "unused") or not value:
        return None
    if not isinstance(value, str):
        return "TYPE_TEXT", "This must be text, and stand once."
    if role == "subject" and has_line_break(value):
        return "LINE_BREAK", LINE_BREAK_MESSAGE
    if role == "subject" and len(value) > SUBJECT_LIMIT:
        return "TOO_LONG", f"At most {SUBJECT_LIMIT} characters, please."
    if role == "reply_to" and not is_email(value):
        return "TYPE_EMAIL", "Please enter an email address."
    return None
