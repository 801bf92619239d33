"""Empties the rows of submissions, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import Connection, Row, bindparam, null, select, update
from sqlalchemy.dialects import postgresql, sqlite

from shared.contracts import JsonValue
from storage_service.records.conditions import within
from storage_service.tables import submissions

_S = submissions.c

NO_FINGERPRINT = "0" * 64
"""That of nothing that anybody sends."""

UNKNOWN_FORM = "?"
"""The form of a row that was made to keep a key: no form can be called so."""

EMPTIED: Mapping[str, Any] = {
    "fields": {},
    "fingerprint": NO_FINGERPRINT,
    "source": {},
    "control": {},
    "sealed": None,
    "spam": None,
    "receipt_url": None,
    "score": None,
    "score_model": None,
    "score_reasons": None,
    "state": "new",
    "starred": False,
    "labels": [],
    "assignee": None,
    "replied_at": None,
    "file_count": 0,
    "anonymised_at": None,
    "opt_in": None,
    "opted_in_at": None,
    "opt_in_proof": None,
}
"""What the columns of an erased row hold. The others stay: what names the row, and when what happened to it."""

_NOT_ANONYMOUS = (
    *("fingerprint", "source", "control", "sealed", "receipt_url"),
    *("score_reasons", "labels", "assignee", "file_count", "opt_in_proof"),
)
"""Of these, those that a row holds that was made anonymous. Labels are words of people, of whomever, and a reason may
be a word that was sent."""

Kept: TypeAlias = Mapping[UUID, Mapping[str, JsonValue]]

Keeps: TypeAlias = Callable[[str, JsonValue], bool]
"""Says of a field, by its name and its value, whether it says nothing of a person."""


def locked(connection: Connection, keys: Sequence[UUID], forms: frozenset[str] | None) -> Sequence[Row[Any]]:
    """Lock those that are there and may be seen, and return `id`, `accepted_at`, `version`, `anonymised_at`.

    In the order of their ids. Nobody else may write or lock anything that belongs to one before the transaction ends:
    whoever adds a note, a conflict or an entry of the index locks the row too, and then sees what became of it.
    """
    found = select(_S.id, _S.accepted_at, _S.version, _S.anonymised_at).where(_S.id.in_(keys), *within(forms))
    return list(connection.execute(found.order_by(_S.id).with_for_update()))


def empty(connection: Connection, moments: Mapping[UUID, datetime]) -> None:
    """Empty rows that are locked: each was erased at its moment."""
    values = {name: null() if value is None else value for name, value in EMPTIED.items()}  # None is a null of JSON
    for at in sorted(set(moments.values())):
        emptied = update(submissions).where(_S.id.in_([key for key, other in moments.items() if other == at]))
        connection.execute(emptied.values(**values, version=_S.version + 1, erased_at=at))


def erased_later(connection: Connection, moments: Mapping[UUID, datetime]) -> None:
    """Note of rows that were erased before that they were erased at these moments, where those are later."""
    for key in sorted(moments):
        later = update(submissions).where(_S.id == key, _S.erased_at < moments[key])
        connection.execute(later.values(erased_at=moments[key]))


def anonymise(connection: Connection, keys: Sequence[UUID], keep: Mapping[str, Keeps], at: datetime) -> Kept:
    """Drop from locked rows what may say something of a person, and return the fields that are kept of each.

    `keep` says, for each form, which fields stay: what was chosen, not what was written.
    """
    values = {name: null() if EMPTIED[name] is None else EMPTIED[name] for name in _NOT_ANONYMOUS}
    names = select(_S.id, _S.form, _S.fields).where(_S.id.in_(keys))
    kept = {row.id: _only(row.fields, keep.get(row.form, _nothing)) for row in connection.execute(names)}
    anonymised = update(submissions).where(_S.id == bindparam("key"))
    anonymised = anonymised.values(**values, version=_S.version + 1, anonymised_at=at, fields=bindparam("kept"))
    connection.execute(anonymised, [{"key": key, "kept": fields} for key, fields in kept.items()])
    return kept


def _only(fields: Mapping[str, JsonValue], keeps: Keeps) -> Mapping[str, JsonValue]:
    return {name: value for name, value in fields.items() if keeps(name, value)}


def _nothing(_name: str, _value: JsonValue) -> bool:
    return False


def make_missing(connection: Connection, moments: Mapping[UUID, datetime]) -> int:
    """Make an empty row for each key that has none, of this moment: what is known of it is on its way, or parked.

    Return how many were made.
    """
    there = set(connection.scalars(select(_S.id).where(_S.id.in_(moments))))
    emptied = {name: EMPTIED[name] for name in ("fields", "fingerprint", "source", "control")}
    rows = [
        {"id": key, "form": UNKNOWN_FORM, "accepted_at": at, "stored_at": at, **emptied}
        for key, at in sorted(moments.items())
        if key not in there
    ]
    if rows:
        made = (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(submissions)
        connection.execute(made.on_conflict_do_nothing(), rows)
    return len(rows)
