"""Makes the label of a field, for people to read."""

from __future__ import annotations

from collections.abc import Iterable

from shared.forms.definitions import Field, Form


def label_of(field: Field) -> str:
    """Return a field's label: as it is written, else made from its name."""
    return field.label or label_from(field.name)


def labels_of(form: Form | None, names: Iterable[str]) -> dict[str, str]:
    """Return what people call each of these fields, as their form has it by now; None where it is gone."""
    fields = (form.fields or {}) if form else {}
    return {name: label_of(fields[name]) if name in fields else label_from(name) for name in names}


def label_from(name: str) -> str:
    """Return a name as a label: only its first letter changes, for `VAT_number` and `PLZ` are not to be lowered."""
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]
