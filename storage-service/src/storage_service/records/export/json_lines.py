"""Writes JSON: one document for all, or one a line (NDJSON). The last line says that nothing is missing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Column, ColumnElement, Label

from shared.spam import words_of
from storage_service.records.export.asked import Asked
from storage_service.records.export.columns import Layout
from storage_service.records.export.fields import names_of, values_of
from storage_service.records.export.filing import FILES, NO_FILES
from storage_service.records.export.meta import FIELDS, Kind, Write, as_read, reading, written
from storage_service.records.export.values import id_text, moments_in
from storage_service.records.record import OPT_IN_STATE
from storage_service.tables import submissions, told_of_the_event

ROWS_AT_ONCE = 200
"""Rows that are written without letting others in."""

_encoder = msgspec.json.Encoder()

_RAW = ("fields", "source", "control", "labels")
_MOMENTS = ("accepted_at", "stored_at", "replied_at", "imported_at", "opted_in_at")
_MEMBERS = (
    *(one.name for one in told_of_the_event(submissions)),
    *("status", "starred", "labels", "assignee", "replied_at", "version", "imported_at"),
    *("opt_in", "opted_in_at", "opt_in_proof"),
)
_READ_FROM: Mapping[str, Column[Any] | Label[Any]] = {"status": submissions.c.state, "opt_in": OPT_IN_STATE}

_REASONS = as_read(submissions.c.score_reasons)

Document = Callable[[Sequence[Any]], dict[str, Any]]


class JsonLines:
    """One submission a line, as `/v1/submissions` shows it; with columns only these, fields in `fields`, and `files`
    where some came in one of these."""

    content_type = "application/x-ndjson"

    def __init__(self, layout: Layout, asked: Asked) -> None:
        self.columns, self._document = _whole(asked) if asked.columns is None else _some(layout, asked)

    def chunks(self, batches: Iterable[Sequence[Sequence[Any]]]) -> Iterator[bytes]:
        """Yield the file."""
        count = 0
        for documents in self._documents(batches):
            count += len(documents)
            yield _encoder.encode_lines(documents)
        yield _encoder.encode({"complete": True, "rows": count}) + b"\n"

    def _documents(self, batches: Iterable[Sequence[Sequence[Any]]]) -> Iterator[list[dict[str, Any]]]:
        for rows in batches:
            for first in range(0, len(rows), ROWS_AT_ONCE):
                yield [*map(self._document, rows[first : first + ROWS_AT_ONCE])]


class JsonDocument(JsonLines):
    """The same as one document: `{"submissions": […], "complete": true, "rows": 2}`."""

    content_type = "application/json"

    def chunks(self, batches: Iterable[Sequence[Sequence[Any]]]) -> Iterator[bytes]:
        """Yield the file."""
        count, between = 0, b"\n"
        yield b'{"submissions":['
        for documents in self._documents(batches):
            count += len(documents)
            yield between + b",\n".join(map(_encoder.encode, documents))
            between = b",\n"
        yield b'\n],"complete":true,"rows":%d}\n' % count


def _whole(asked: Asked) -> tuple[Sequence[ColumnElement[Any]], Document]:
    """Return what to read for all that is known, and what makes a document of it. JSON is passed on as it is."""
    read = (_READ_FROM[name] if name in _READ_FROM else submissions.c[name] for name in _MEMBERS)
    columns = [*map(as_read, read), _REASONS, NO_FILES]
    behind = len(_MEMBERS) + 1
    moment = moments_in(asked.zone)

    def document(row: Sequence[Any]) -> dict[str, Any]:
        found = dict(zip(_MEMBERS, row, strict=False))
        found["id"], found["starred"] = id_text(found["id"]), bool(found["starred"])
        for name in _MOMENTS:
            found[name] = moment(found[name]) if found[name] else None
        for name in _RAW:
            found[name] = _on_one_line(found[name])
        found["opt_in_proof"] = _on_one_line(found["opt_in_proof"] or "null")
        found["sealed"] = [*names_of(found["sealed"] or "{}")]
        found["reasons"] = [{"code": one, "words": words_of(one)} for one in json.loads(row[behind - 1] or "[]")]
        found[FILES] = msgspec.Raw(row[behind].encode())
        return found

    return columns, document


def _some(layout: Layout, asked: Asked) -> tuple[Sequence[ColumnElement[Any]], Document]:
    """Return the same for columns that somebody named."""
    found, moment, known = reading(layout.metas), moments_in(asked.zone), frozenset(layout.fields)
    behind = len(found.columns)
    how: Mapping[Kind, Write] = {
        "id": id_text,
        "text": _same,
        "moment": lambda one: moment(one) if one else None,
        "flag": bool,
        "number": _same,
        "list": _on_one_line,
    }
    metas = [(one.name, at, written(one, how)) for at, one in zip(found.places, layout.metas, strict=True)]

    def document(row: Sequence[Any]) -> dict[str, Any]:
        values, files = values_of(row[FIELDS]), row[behind]
        shown = {name: of(row[at]) for name, at, of in metas}
        is_wanted = (lambda _name: True) if layout.has_others else known.__contains__
        told = {**shown, "fields": {name: value for name, value in values.items() if is_wanted(name)}}
        having = [] if files == "[]" else [one for one in json.loads(files) if is_wanted(one["field"])]
        return {**told, FILES: having} if having else told

    return [*found.columns, NO_FILES], document


def _same(value: Any) -> Any:
    return value


def _on_one_line(stored: str) -> msgspec.Raw:
    """Return JSON as it is stored, where that is on one line: so texts and numbers stay what they were."""
    return msgspec.Raw(stored if "\n" not in stored else _encoder.encode(msgspec.json.decode(stored)))
