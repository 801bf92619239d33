"""Looks through all that is to be exported, before it is: how many, of which forms, with which fields."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement

from storage_service.records.export.columns import COLUMNS_MOST
from storage_service.records.export.fields import names_of
from storage_service.records.export.meta import FIELDS, as_read
from storage_service.tables import submissions

SURVEYED: Sequence[ColumnElement[Any]] = [as_read(submissions.c.fields), as_read(submissions.c.form)]
"""What `survey` reads of each."""

_FORM = FIELDS + 1


@dataclass(frozen=True, slots=True)
class Survey:
    """What there is. `names` are those of the first fields found, as many as a table may have, and one more."""

    rows: int
    forms: frozenset[str]
    names: tuple[str, ...]


def survey(batches: Iterable[Sequence[Sequence[Any]]]) -> Survey:
    """Look through all rows; what is kept of them does not grow with their number."""
    count, forms, names = 0, set[str](), dict[str, None]()
    for rows in batches:
        count += len(rows)
        for row in rows:
            forms.add(row[_FORM])
            found = names_of(row[FIELDS])
            if found.keys() <= names.keys():
                continue
            for name in found:
                if name not in names and len(names) <= COLUMNS_MOST:
                    names[name] = None
    return Survey(count, frozenset(forms), tuple(names))
