"""What a form's page asks for: one input per field, with what was typed and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.errors import FieldError, Refused
from gateway.schemas import TEXTAREA_FROM, is_single_line
from shared.contracts import JsonValue
from shared.forms import Field, Form

_OPEN_FIELDS = (
    Field("name", "text", max_length=200),
    Field("email", "email", max_length=320),
    Field("message", "text"),
)
"""What the hosted page of a form without fields offers."""

_AUTOCOMPLETE = {"name": "name", "email": "email", "tel": "tel", "phone": "tel", "company": "organization"}

_CONTROL_LABELS = {"replyto": "Email", "subject": "Subject"}

_EXAMPLES = {
    "email": "ada@example.org",
    "number": "3.5",
    "integer": "3",
    "boolean": "true",
    "date": "2026-11-22",
    "url": "https://example.org",
    "tel": "+44 20 7946 0000",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody typed, to be offered again: values by name, hidden control fields, the idempotency key.

    `controls` are control fields that have to be mended, and are shown for it.
    """

    values: Mapping[str, JsonValue] = field(default_factory=dict)
    hidden: Mapping[str, str] = field(default_factory=dict)
    controls: Mapping[str, str] = field(default_factory=dict)
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Input:
    """One field as the form page draws it; `kind` names the way."""

    field: Field
    label: str
    kind: str
    autocomplete: str | None
    values: tuple[str, ...]
    error: FieldError | None

    @classmethod
    def of(cls, entry: Field, form: Form, draft: Draft, refusal: Refused | None) -> Input:
        """Return a field's input, holding what the draft has for it."""
        given = draft.controls.get(entry.name) or draft.values.get(entry.name)
        values = given if isinstance(given, list) else [] if given is None else [given]
        errors = refusal.errors if refusal else ()
        return cls(
            field=entry,
            label=entry.label or entry.name.replace("_", " ").capitalize(),
            kind=_kind_of(entry, form),
            autocomplete=_AUTOCOMPLETE.get(entry.name.lower()) or _AUTOCOMPLETE.get(entry.type),
            values=tuple(str(value) for value in values),
            error=next((error for error in errors if error.field == entry.name), None),
        )


def _kind_of(entry: Field, form: Form) -> str:
    if entry.type == "text":
        return "text" if is_single_line(entry, form) else "textarea"
    if entry.type in {"number", "integer"}:
        return "number"
    if entry.type == "list":
        return "checkboxes" if entry.choices else "lines"
    return {"boolean": "checkbox", "choice": "select"}.get(entry.type, entry.type)


def shown_fields(form: Form, draft: Draft) -> list[Field]:
    """Return the fields that a page shows: the form's own, or those that were typed where it takes any.

    After them what else was typed, if the form keeps it, and the control fields that have to be mended.
    """
    defined = {entry.name: entry for entry in (_OPEN_FIELDS if form.fields is None else form.fields.values())}
    shown = [] if form.fields is None and draft.values else list(defined.values())
    if form.fields is None or form.unknown == "keep":
        others = {name: value for name, value in draft.values.items() if form.fields is None or name not in defined}
        shown += [defined.get(name) or _field_of(name, value) for name, value in others.items()]
    return [*shown, *(_control_field(name) for name in draft.controls)]


def _field_of(name: str, value: JsonValue) -> Field:
    return Field(name, "list" if isinstance(value, list) else "text")


def _control_field(name: str) -> Field:
    return Field(name, "text", max_length=TEXTAREA_FROM, label=_CONTROL_LABELS.get(name.strip("_"), ""))


def leftovers(form: Form, draft: Draft) -> dict[str, str]:
    """Return what was typed into fields that the form refuses, so that nothing typed is lost."""
    if form.unknown != "refuse":
        return {}
    shown = {entry.name for entry in shown_fields(form, draft)}
    left = {name: value for name, value in draft.values.items() if name not in shown}
    return {name: "\n".join(map(str, value if isinstance(value, list) else [value])) for name, value in left.items()}


def errors_without_input(refusal: Refused | None, form: Form, draft: Draft) -> list[FieldError]:
    """Return the errors that are about no field the page shows."""
    shown = {entry.name for entry in shown_fields(form, draft)}
    return [error for error in refusal.errors if error.field not in shown] if refusal else []


def example_of(form: Form) -> list[str]:
    """Return the `name=value` pairs of an example submission that the form takes."""
    entries = _OPEN_FIELDS[:2] if form.fields is None else tuple(form.fields.values())
    needed = [entry for entry in entries if entry.required or form.fields is None] or entries
    return [f"{entry.name}={_example_value(entry)}" for entry in needed]


def _example_value(entry: Field) -> str:
    if entry.choices:
        return entry.choices[0]
    named = "Ada Lovelace" if "name" in entry.name.lower() else "Hello"
    return _EXAMPLES.get(entry.type, named)
