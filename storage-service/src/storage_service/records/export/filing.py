"""Tells of files while rows are read: by their names among the fields of a table, whole where there is a column."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, Text, literal

from storage_service.files import StoredFile
from storage_service.records.export.fields import values_of
from storage_service.records.export.meta import as_read
from storage_service.records.export.values import id_of
from storage_service.tables import submissions

FilesOf: TypeAlias = Callable[[Collection[UUID]], Mapping[UUID, Sequence[StoredFile]]]
"""Returns the files of submissions; those without any are left out."""

Batches: TypeAlias = Callable[[Sequence[ColumnElement[Any]]], Iterable[Sequence[Sequence[Any]]]]

FILES = "files"

NO_FILES: ColumnElement[Any] = literal("[]", Text).label(FILES)
"""A column whose place has the files of a submission as JSON, where it has some."""

_NEEDED = (submissions.c.file_count, submissions.c.id)
_TOLD = ("number", "field", "name", "type", "size", "sha256", "scan")


def filing(batches: Batches, files_of: FilesOf) -> Batches:
    """Return what reads the same rows, with their files: in the column `NO_FILES`, else by their names in the fields.

    What somebody typed under the name of a field that has files stays before them.
    """

    def read(columns: Sequence[ColumnElement[Any]]) -> Iterator[Sequence[Any]]:
        behind, places = len(columns), {one.name: at for at, one in enumerate(columns) if one.name in (FILES, "fields")}
        needed = [as_read(one).label(f"filing_{one.name}") for one in _NEEDED]
        for rows in batches([*columns, *needed]):
            having = {at: id_of(row[behind + 1]) for at, row in enumerate(rows) if row[behind]}
            if not having:
                yield rows
                continue
            files, filed = files_of(having.values()), list(rows)
            for at, key in having.items():
                filed[at] = _filed(rows[at], places, key, files.get(key, ()))
            yield filed

    return read


def _filed(row: Sequence[Any], places: Mapping[str, int], key: UUID, files: Sequence[StoredFile]) -> Any:
    values = list(row)
    if FILES in places:
        values[places[FILES]] = json.dumps([_told(one, key) for one in files], ensure_ascii=False)
    elif "fields" in places:
        at = places["fields"]
        values[at] = json.dumps(_named(values_of(values[at]), files), ensure_ascii=False)
    return values


def _told(file: StoredFile, key: UUID) -> dict[str, Any]:
    return {**{name: getattr(file, name) for name in _TOLD}, "url": f"/v1/submissions/{key}/files/{file.number}"}


def _named(fields: Mapping[str, Any], files: Sequence[StoredFile]) -> Mapping[str, Any]:
    names: dict[str, list[str]] = {}
    for one in files:
        names.setdefault(one.field, []).append(one.name)
    typed = {field: [fields[field]] for field in names if isinstance(fields.get(field), str) and fields[field]}
    return {**fields, **{field: ", ".join([*typed.get(field, []), *some]) for field, some in names.items()}}
