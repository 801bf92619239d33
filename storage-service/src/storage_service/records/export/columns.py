"""Decides which columns a table has: the fields of the forms, other fields, and what is known beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared.forms import Forms
from shared.forms.labels import label_from, label_of
from storage_service.records.export.meta import METAS, USUAL, Meta

COLUMNS_MOST = 1000
"""Columns for fields. What is in others stands in the column `other_fields` together, as a JSON object."""

OTHERS = "other_fields"

FIELD = "field."
"""Stands before the name of a field that is called as something else is: `field.id`."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a table: fields, what others there are (`has_others`), and what is known beside them.

    `order` says in which order they stand, by their numbers in that list; None for just that. `headers`
    are what stands on top of them, in that list's order, too.
    """

    fields: tuple[str, ...]
    metas: tuple[Meta, ...]
    has_others: bool = False
    order: tuple[int, ...] | None = None
    headers: tuple[str, ...] = ()

    @property
    def titles(self) -> Sequence[str]:
        """The headers, as they stand in the table."""
        return self.headers if self.order is None else [self.headers[one] for one in self.order]


def layout_of_all(found: Iterable[str], names: Sequence[str], forms: Forms, *, has_labels: bool) -> Layout:
    """Return the columns of all fields: those of the forms that were found, in their order, then those of `names`."""
    declared = [name for form in forms.values() if form.name in set(found) for name in form.fields or ()]
    fields = list(dict.fromkeys([*declared, *names]))
    has_others = len(fields) > COLUMNS_MOST
    return _laid_out(fields[:COLUMNS_MOST], USUAL, forms, has_others=has_others, has_labels=has_labels)


def layout_of(columns: Sequence[str], forms: Forms, *, has_labels: bool) -> Layout:
    """Return the columns that somebody named."""
    metas = [METAS[name] for name in columns if name in METAS]
    fields = [field_named(name) for name in columns if name not in METAS and name != OTHERS]
    ordered = [*map(header_of, fields), *([OTHERS] if OTHERS in columns else []), *(one.name for one in metas)]
    order = tuple(ordered.index(column_of(name)) for name in columns)
    return _laid_out(fields, metas, forms, has_others=OTHERS in columns, has_labels=has_labels, order=order)


def header_of(field: str) -> str:
    """Return by what name a field stands among all columns."""
    is_ambiguous = field in METAS or field == OTHERS or field.startswith(FIELD)
    return FIELD + field if is_ambiguous else field


def field_named(name: str) -> str:
    """Return the field that a column is for, which is neither of `METAS` nor `OTHERS`."""
    return name.removeprefix(FIELD)


def column_of(name: str) -> str:
    """Return what a column that somebody names is called in the table: `field.email` is `email`."""
    return name if name in METAS or name == OTHERS else header_of(field_named(name))


def _laid_out(
    fields: Sequence[str],
    metas: Sequence[Meta],
    forms: Forms,
    *,
    has_others: bool,
    has_labels: bool,
    order: tuple[int, ...] | None = None,
) -> Layout:
    names = [*map(header_of, fields), *([OTHERS] if has_others else []), *(one.name for one in metas)]
    headers = _labels([*fields, *names[len(fields) :]], names, forms) if has_labels else names
    return Layout(tuple(fields), tuple(metas), has_others, order, tuple(headers))


def _labels(plain: Sequence[str], names: Sequence[str], forms: Forms) -> list[str]:
    """Return what people call each; where two are called alike, their names say which is which."""
    said = {
        field.name: label_of(field) for form in reversed([*forms.values()]) for field in (form.fields or {}).values()
    }
    labels = [said.get(one) or label_from(one) for one in plain]
    return [
        f"{label} ({name})" if labels.count(label) > 1 else label for label, name in zip(labels, names, strict=True)
    ]
