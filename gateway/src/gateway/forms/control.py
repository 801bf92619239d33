"""Reads control fields: what a page tells the back end inside its form, apart from what a person typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.fields.email import LINE_BREAK_MESSAGE, clean_email, is_email
from gateway.fields.values import only
from gateway.forms.byproducts import Byproducts
from gateway.forms.dialects import Role, roles_of
from gateway.http.errors import FieldError
from shared.contracts import JsonValue
from shared.forms import Form
from shared.text import as_line, is_line

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
        self._mail_domains = form.mail_domains

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
        given = {name: _given(self._roles[name], values[name]) for name in names}
        trapped = {name: value for name, value in given.items() if self._roles[name] == "trap" and _is_filled(value)}
        said = {name: text for name, value in given.items() if (text := _text(value))}
        errors = self._errors(given)
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
        found = ((name, self._wrong(self._roles[name], value)) for name, value in given.items())
        return [FieldError(wrong[0], wrong[1], name) for name, wrong in found if wrong]

    def _wrong(self, role: Role, value: JsonValue) -> tuple[str, str] | None:
        if role in ("trap", "captcha", "unused") or not value:
            return None
        if not isinstance(value, str):
            return "TYPE_TEXT", "This must be text, and stand once."
        if role == "subject" and not is_line(value):
            return "LINE_BREAK", LINE_BREAK_MESSAGE
        if role == "subject" and len(value) > SUBJECT_LIMIT:
            return "TOO_LONG", f"At most {SUBJECT_LIMIT} characters, please."
        if role == "reply_to" and not is_email(value, self._mail_domains):
            return "TYPE_EMAIL", "Please enter an email address."
        return None


def _given(role: Role, value: JsonValue) -> JsonValue:
    """Return what a control field says: once, and without what nobody sees."""
    if isinstance(value, list) and role != "trap":
        value = only(value)
    if isinstance(value, str) and role in ("subject", "reply_to"):
        return as_line(value) if role == "subject" else clean_email(value)
    return value


def _is_filled(value: JsonValue) -> bool:
    """Return whether a trap was filled in; a box that is not ticked may come as false."""
    if isinstance(value, list):
        return any(_is_filled(one) for one in value)
    return value.strip().lower() not in _UNTICKED if isinstance(value, str) else bool(value)


def _text(value: JsonValue) -> str | None:
    if isinstance(value, list):
        value = next(iter(value), None)
    return value if isinstance(value, str) else None
