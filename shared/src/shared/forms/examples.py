"""Makes up what somebody could submit to a form: for a command line, and for a test."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from shared.contracts import JsonValue
from shared.forms.definitions import Field, Form
from shared.forms.field_types import FIELD_TYPES
from shared.forms.kinds import FAMILIES
from shared.forms.kinds.words import endings_of

MARK = "TEST"
"""What the texts of a test begin with, for whoever reads them."""

_OPEN_FIELDS = (
    Field("name", "text", max_length=200),
    Field("email", "email", max_length=320),
    Field("message", "text"),
)
_OPEN_FILES = "attachment"
"""What a page of a form without fields offers."""


def fields_to_offer(form: Form) -> Sequence[Field]:
    """Return the fields that a page of a form has: its own, or some where it takes any.

    Where an address has to be confirmed, the field for it has to be filled in.
    """
    fields = _OPEN_FIELDS if form.fields is None else tuple(form.fields.values())
    if form.fields is None and (rules := form.file_rules(_OPEN_FILES)):
        fields = (*fields, Field(_OPEN_FILES, "file", label="Files", file=rules))
    needed = form.address_field if form.confirmation.opt_in else None
    return tuple(replace(one, required=True) if one.name == needed else one for one in fields)


def example_of(form: Form) -> list[str]:
    """Return the `name=value` pairs of an example submission that the form takes, without its files."""
    return [f"{entry.name}={_example_value(entry)}" for entry in _needed(form) if entry.type != "file"]


def command_line(form: Form, url: str) -> str:
    """Return the line for a terminal that submits the example to an address; a file in it has to be there."""
    key = [f"access_key={form.access_key}"] if form.access_key else []
    files = [f"{one.name}=@{example_file(one)}" for one in _needed(form) if one.file]
    text = "--form-string" if files else "-d"
    pairs = [f"{text} {shlex.quote(pair)}" for pair in [*key, *example_of(form)]]
    return " ".join(["curl", *pairs, *(f"-F {shlex.quote(file)}" for file in files), shlex.quote(url)])


def values_for_test(fields: Iterable[Field], address: str | None) -> dict[str, JsonValue]:
    """Return a value for each field, as `value_for_test` makes it, by name; a file is no value."""
    return {one.name: value_for_test(one, address) for one in fields if one.type != "file"}


def value_for_test(field: Field, address: str | None) -> JsonValue:
    """Return a value of a field for a test, which says that it is one where it is a text.

    It keeps to the field's bounds and lengths; what a pattern asks for nobody can guess. `address` is whom mail goes
    to.
    """
    low = _number_in(field)
    made: dict[str, JsonValue] = {
        "email": address or "test@example.org",
        "url": "https://example.org/test",
        "tel": "+1 555 0100",
        "number": low,
        "integer": int(low),
        "date": _day_in(field).isoformat(),
        "boolean": True,
        "choice": field.choices[0] if field.choices else MARK,
        "list": _entries(field),
    }
    return made[field.type] if field.type in made else _text(field)


def example_file(entry: Field) -> str:
    """Return what a file may be called that a field takes."""
    kind = next(iter(entry.file.types if entry.file else ()), "pdf")
    family = FAMILIES.get(kind)
    return f"example.{family[0].endings[0] if family else min(endings_of([kind]), default='zip')}"


def _needed(form: Form) -> Sequence[Field]:
    """Return the fields without which the form takes nothing; all, where it needs none."""
    entries = _OPEN_FIELDS[:2] if form.fields is None else fields_to_offer(form)
    return [entry for entry in entries if entry.required or form.fields is None] or entries


def _example_value(entry: Field) -> str:
    if entry.choices:
        return entry.choices[0]
    named = "Ada Lovelace" if "name" in entry.name.lower() else "Hello"
    return FIELD_TYPES[entry.type].example or named


def _number_in(field: Field) -> int | float:
    bounds = [one for one in (field.min, field.max) if isinstance(one, int | float)]
    return bounds[0] if bounds else 1


def _day_in(field: Field) -> date:
    bounds = [one for one in (field.min, field.max) if isinstance(one, date)]
    return bounds[0] if bounds else date(2026, 1, 1)


def _entries(field: Field) -> list[JsonValue]:
    """Return as many entries as there have to be, two where there may be."""
    least = field.min if isinstance(field.min, int) else 0
    most = field.max if isinstance(field.max, int) else max(least, 2)
    if field.choices:
        return list(field.choices[: max(least, min(2, most))])
    return [MARK] * max(least, min(1, most))


def _text(field: Field) -> str:
    text = f"{MARK} {field.label or field.name}"
    return text.ljust(field.min_length, ".")[: field.max_length]
