"""Makes the label of a field, for people to read."""

from __future__ import annotations

from shared.forms.definitions import Field


def label_of(field: Field) -> str:
    """Return a field's label: as it is written, else made from its name."""
    return field.label or label_from(field.name)


def label_from(name: str) -> str:
    """Return a name as a label: only its first letter changes, for `VAT_number` and `PLZ` are not to be lowered."""
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]
