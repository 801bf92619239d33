"""Prepares the inputs of a form's page: one per field, with what was typed and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.fields.autocomplete import autocomplete_of
from gateway.fields.types import TYPES
from gateway.fields.widgets import Widget, text_area, text_input
from gateway.http.errors import FieldError, Refused
from shared.contracts import JsonValue
from shared.forms import Field, Form
from shared.forms.examples import fields_to_offer
from shared.forms.labels import label_of
from shared.forms.lines import TEXTAREA_FROM

_LINES_LEAST = 3
_NO_ID = re.compile(r"[^\w-]")
_CONTROL_LABELS = {"replyto": "Email", "subject": "Subject"}


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody typed, to be offered again: values by name, hidden control fields, the idempotency key.

    `controls` are control fields that have to be mended, and are shown for it. `chosen` are the names of the files that
    came, by field: no page can offer them again.
    """

    values: Mapping[str, JsonValue] = field(default_factory=dict)
    hidden: Mapping[str, str] = field(default_factory=dict)
    controls: Mapping[str, str] = field(default_factory=dict)
    key: str | None = None
    chosen: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Input:
    """One field as the form page draws it, by a widget that shows whatever was typed."""

    field: Field
    label: str
    widget: Widget
    autocomplete: str | None
    values: tuple[str, ...]
    errors: tuple[FieldError, ...]
    has_room: bool
    chosen: tuple[str, ...] = ()

    @classmethod
    def of(cls, entry: Field, form: Form, draft: Draft, refusal: Refused | None) -> Input:
        """Return a field's input, holding what the draft has for it."""
        given = draft.controls.get(entry.name) or draft.values.get(entry.name)
        values = tuple(map(str, given if isinstance(given, list) else [] if given is None else [given]))
        errors = refusal.errors if refusal else ()
        wrong = tuple(error for error in errors if error.field == entry.name)
        return cls(
            field=entry,
            label=label_of(entry),
            widget=_widget_that_shows(values, entry, form, wrong),
            autocomplete=autocomplete_of(entry),
            values=values,
            errors=wrong,
            has_room=entry.name in (form.fields or {}),
            chosen=tuple(draft.chosen.get(entry.name, ())),
        )

    @property
    def id(self) -> str:
        """What the label, the notes and the list of errors refer to."""
        return id_of(self.field.name)

    @property
    def described(self) -> str:
        """The ids of what is told beside it, as far as there is anything."""
        notes = {"help": self.field.help, "limits": self.widget.note, "again": self.chosen, "error": self.errors}
        return " ".join(f"{self.id}-{note}" for note, there in notes.items() if there)

    @property
    def lines(self) -> tuple[str, ...]:
        """What stands in the inputs of a list: what was typed, and room for more, which a defined list leaves out."""
        if not self.has_room:
            return self.values
        shown = max(len(self.values) + 1, int(self.field.min or 0), _LINES_LEAST)  # type: ignore[arg-type]
        most = max(len(self.values), int(self.field.max or shown))  # type: ignore[arg-type]
        return (*self.values, *[""] * (min(shown, most) - len(self.values)))


def id_of(name: str) -> str:
    """Return the id of a field's input: names may have blanks in them, which separate one id from the next."""
    return "field-" + _NO_ID.sub(lambda found: f".{ord(found[0]):x}.", name)


def _widget_that_shows(values: Sequence[str], entry: Field, form: Form, errors: Sequence[FieldError]) -> Widget:
    """Return the field's widget, or where a browser would not show the values in that, a text's or a text area."""
    widget = TYPES[entry.type].draw(entry, form)
    if widget.shows is not None:
        has_wrong_type = any(error.code.startswith("TYPE_") for error in errors[:1])
        if has_wrong_type or not all(map(widget.shows.fullmatch, filter(None, values))):
            widget = text_input(entry)
    has_lines = any("\n" in value or "\r" in value for value in values)
    return text_area(entry) if widget.kind == "input" and has_lines else widget


def shown_fields(form: Form, draft: Draft) -> list[Field]:
    """Return the fields that a page shows: the form's own, or those that were typed where it takes any.

    After them what else was typed, if the form keeps it, and the control fields that have to be mended.
    """
    defined = {entry.name: entry for entry in fields_to_offer(form)}
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
