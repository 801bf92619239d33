"""Makes what the page shows of a form's fields: a row each, in the order of the form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from shared.forms import FIELD_TYPES, Field, Files, Form
from shared.forms.labels import label_of
from shared.forms.uploads.words import limits_of


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A field: what it is called, for people and for programs, and what may stand in it."""

    name: str
    label: str
    type: str
    is_required: bool
    rules: str
    help: str


def row_of(field: Field, form: Form) -> FieldRow:
    """Return the row of a field of a form."""
    rules = "; ".join(_rules(field, form))
    return FieldRow(field.name, label_of(field), field.type, field.required, rules, field.help)


def _rules(field: Field, form: Form) -> list[str]:
    found = []
    if field.file:
        found.append(limits_of(field.file, form.files or Files()).removesuffix("."))
    if field.sensitive:
        found.append("sealed")
    if field.choices:
        found.append(", ".join(field.choices))
    if field.min is not None or field.max is not None:
        found.append(_between(field))
    if FIELD_TYPES[field.type].has_length:
        least = f"{field.min_length} to " if field.min_length else "at most "
        found.append(f"{least}{field.max_length} characters")
    if field.pattern is not None:
        found.append(f"matches {field.pattern}")
    return found


def _between(field: Field) -> str:
    bounds = (_bound(field.min, "from "), _bound(field.max, "to "))
    what = " entries" if field.type == "list" else ""
    return " ".join(one for one in bounds if one) + what


def _bound(value: int | float | date | None, word: str) -> str:
    return "" if value is None else f"{word}{value}"
