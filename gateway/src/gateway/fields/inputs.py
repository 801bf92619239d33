"""What a form's page asks for: one input per field, with what was typed and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.fields.autocomplete import autocomplete_of
from gateway.http.errors import FieldError, Refused
from shared.contracts import JsonValue
from shared.forms import Field, Form
from shared.forms.labels import label_of
from shared.forms.lines import TEXTAREA_FROM, is_single_line

_OPEN_FIELDS = (
    Field("name", "text", max_length=200),
    Field("email", "email", max_length=320),
    Field("message", "text"),
)
"""What the hosted page of a form without fields offers."""

_LINES_LEAST = 3
_NO_ID = re.compile(r"[^\w-]")
_READ_OTHERWISE = re.compile(r"&&|--|\[[^]]*\[")
"""What stands for something else in a browser's pattern (JavaScript's flag v) than in RE2's."""

_READ_BACK = {
    "number": re.compile(r"-?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?"),
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
}
"""What a browser shows in an input of a kind (HTML, 4.10.5.1): of anything else it shows nothing."""

_ONE_LINE = frozenset({"text", "email", "url", "tel"})

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
    """One field as the form page draws it; `kind` names the way, which is one that shows whatever was typed.

    An email is drawn as a text: a browser takes no address for one whose local part is beyond ASCII, and rewrites a
    domain that is.
    """

    field: Field
    label: str
    kind: str
    autocomplete: str | None
    values: tuple[str, ...]
    error: FieldError | None
    has_room: bool

    @classmethod
    def of(cls, entry: Field, form: Form, draft: Draft, refusal: Refused | None) -> Input:
        """Return a field's input, holding what the draft has for it."""
        given = draft.controls.get(entry.name) or draft.values.get(entry.name)
        values = tuple(map(str, given if isinstance(given, list) else [] if given is None else [given]))
        errors = refusal.errors if refusal else ()
        error = next((error for error in errors if error.field == entry.name), None)
        return cls(
            field=entry,
            label=label_of(entry),
            kind=_kind_that_shows(values, _kind_of(entry, form), error),
            autocomplete=autocomplete_of(entry),
            values=values,
            error=error,
            has_room=entry.name in (form.fields or {}),
        )

    @property
    def id(self) -> str:
        """What the label, the notes and the list of errors refer to."""
        return id_of(self.field.name)

    @property
    def described(self) -> str:
        """The ids of the help and the error, as far as there are any."""
        notes = {"help": self.field.help, "error": self.error}
        return " ".join(f"{self.id}-{note}" for note, there in notes.items() if there)

    @property
    def lines(self) -> tuple[str, ...]:
        """What stands in the inputs of a list: what was typed, and room for more, which a defined list leaves out."""
        if not self.has_room:
            return self.values
        shown = max(len(self.values) + 1, int(self.field.min or 0), _LINES_LEAST)  # type: ignore[arg-type]
        most = max(len(self.values), int(self.field.max or shown))  # type: ignore[arg-type]
        return (*self.values, *[""] * (min(shown, most) - len(self.values)))

    @property
    def limits(self) -> dict[str, object]:
        """The attributes by which a browser checks what is typed, before anything is sent."""
        field = self.field
        if self.kind in {"number", "date"}:
            step = {"number": "any", "integer": "1"}.get(field.type)
            given = {"min": field.min, "max": field.max, "step": step}
        else:
            pattern = None if self.kind == "textarea" or _READ_OTHERWISE.search(field.pattern or "") else field.pattern
            given = {"minlength": field.min_length or None, "maxlength": field.max_length, "pattern": pattern}
            given["title"] = field.help or None if pattern else None
        return {name: limit for name, limit in given.items() if limit is not None}


def id_of(name: str) -> str:
    """Return the id of a field's input: names may have blanks in them, which separate one id from the next."""
    return "field-" + _NO_ID.sub(lambda found: f".{ord(found[0]):x}.", name)


def _kind_of(entry: Field, form: Form) -> str:
    if entry.type == "text":
        return "text" if is_single_line(entry, form) else "textarea"
    if entry.type in {"number", "integer"}:
        return "number"
    if entry.type == "list":
        return "checkboxes" if entry.choices else "lines"
    return {"boolean": "checkbox", "choice": "select"}.get(entry.type, entry.type)


def _kind_that_shows(values: Sequence[str], kind: str, error: FieldError | None) -> str:
    """Return the kind, or where a browser would not show the values in that, a text or a text area."""
    readable = _READ_BACK.get(kind)
    if readable and (
        (error and error.code.startswith("TYPE_")) or not all(map(readable.fullmatch, filter(None, values)))
    ):
        kind = "text"
    return "textarea" if kind in _ONE_LINE and any("\n" in value or "\r" in value for value in values) else kind


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
    """Return what was typed that the form does not take: fields it refuses, and choices it does not offer."""
    shown = {entry.name: entry for entry in shown_fields(form, draft)}
    left = {}
    for name, value in draft.values.items():
        texts = [str(text) for text in (value if isinstance(value, list) else [value])]
        if name in shown:
            choices = shown[name].choices
            left[name] = [text for text in texts if choices and text.strip() and text not in choices]
        elif form.unknown == "refuse":
            left[name] = texts
    return {name: "\n".join(texts) for name, texts in left.items() if texts}


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
