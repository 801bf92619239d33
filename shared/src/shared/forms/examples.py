"""Makes up what somebody could submit to a form: for a command line, and for a test."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import date

from shared.contracts import JsonValue
from shared.forms.definitions import Field, Form
from shared.forms.field_types import FIELD_TYPES

MARK = "TEST"
"""What the texts of a test begin with, for whoever reads them."""

_OPEN_FIELDS = (
    Field("name", "text", max_length=200),
    Field("email", "email", max_length=320),
    Field("message", "text"),
)
"""What a page of a form without fields offers."""


def fields_to_offer(form: Form) -> Sequence[Field]:
    """Return the fields that a page of a form has: its own, or some where it takes any."""
    return _OPEN_FIELDS if form.fields is None else tuple(form.fields.values())


def example_of(form: Form) -> list[str]:
    """Return the `name=value` pairs of an example submission that the form takes."""
    entries = _OPEN_FIELDS[:2] if form.fields is None else tuple(form.fields.values())
    needed = [entry for entry in entries if entry.required or form.fields is None] or entries
    return [f"{entry.name}={_example_value(entry)}" for entry in needed]


def command_line(form: Form, url: str) -> str:
    """Return the line for a terminal that submits the example to an address."""
    key = [f"access_key={form.access_key}"] if form.access_key else []
    pairs = [f"-d {shlex.quote(pair)}" for pair in [*key, *example_of(form)]]
    return " ".join(["curl", *pairs, shlex.quote(url)])


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
