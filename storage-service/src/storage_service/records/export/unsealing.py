"""Puts the values of sealed fields among the others while rows are read, for an export that may have them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement

from shared.contracts import JsonValue
from storage_service.records.export.fields import values_of
from storage_service.records.export.meta import as_read
from storage_service.records.export.values import id_of
from storage_service.tables import submissions

Unseal: TypeAlias = Callable[[str, UUID, Mapping[str, str]], tuple[Mapping[str, JsonValue], Mapping[str, str]]]
"""Returns what can be opened of a form's submission of this id, and why others cannot, by name."""

Batches: TypeAlias = Callable[[Sequence[ColumnElement[Any]]], Iterable[Sequence[Sequence[Any]]]]

_NEEDED = (submissions.c.form, submissions.c.id, submissions.c.sealed)
_NAMES = ("fields", "sealed")


def unsealing(batches: Batches, unseal: Unseal) -> Batches:
    """Return what reads the same rows, with what can be opened among their fields instead of among the sealed."""

    def read(columns: Sequence[ColumnElement[Any]]) -> Iterator[Sequence[Any]]:
        behind, places = len(columns), {one.name: at for at, one in enumerate(columns) if one.name in _NAMES}
        needed = [as_read(one).label(f"unsealing_{one.name}") for one in _NEEDED]
        for rows in batches([*columns, *needed]):
            yield [_opened(row, behind, places, unseal) for row in rows]

    return read


def _opened(row: Sequence[Any], behind: int, places: Mapping[str, int], unseal: Unseal) -> Sequence[Any]:
    """Return a row, which has what is needed behind so many columns, and perhaps more behind that.

    Where nothing else of the row says that a field stays sealed, its place does.
    """
    values = list(row)
    form, key, sealed = values[behind : behind + len(_NEEDED)]
    if not sealed:
        return row
    closed: dict[str, str] = json.loads(sealed)
    opened, locked = unseal(form, id_of(key), closed)
    if "fields" in places:
        at = places["fields"]
        told = {} if "sealed" in places else {name: f"({why})" for name, why in locked.items()}
        values[at] = json.dumps({**values_of(values[at]), **told, **opened}, ensure_ascii=False)
    if "sealed" in places:
        left = {name: one for name, one in closed.items() if name not in opened}
        values[places["sealed"]] = json.dumps(left) if left else None
    return values
