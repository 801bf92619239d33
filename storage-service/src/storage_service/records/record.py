"""What an owner sees of one submission, read from its row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any, Literal, TypeAlias
from uuid import UUID

from sqlalchemy import ColumnCollection, ColumnElement, Row, case, func, select, true, type_coerce
from sqlalchemy.types import NullType

from shared.contracts import JsonValue
from storage_service.tables import conflicts, submissions

OptInState: TypeAlias = Literal["waiting", "confirmed"]

OPT_IN_STATE = case(
    (submissions.c.opted_in_at.is_not(None), "confirmed"), (submissions.c.opt_in.is_(true()), "waiting")
).label("opt_in_state")
"""The column of `Record.opt_in_state`."""


@dataclass(frozen=True, slots=True)
class Record:
    """One submission. `fields`, `source` and `control` are the JSON objects that came; moments are aware, in UTC.

    `spam` says why it is spam, and is None where it is not. `state` is `new`, `open` or `done`; `assignee` an address;
    `replied_at` when somebody last noted a reply, `imported_at` when it was taken over from elsewhere. `version` grows
    with each change of what people may change, notes and replies too. `conflict_count` counts what came under the same
    id. `sealed` has sealed values by name. `file_count` counts its files, which `files_of` reads.
    `opt_in` says that whoever has its address was asked to confirm it, `opted_in_at` is when they did.
    `score` is how much the gateway took it for spam, 0 to 100, by the model `score_model`, because of `score_reasons`.
    """

    id: UUID
    form: str
    accepted_at: datetime
    stored_at: datetime
    fields: Mapping[str, JsonValue]
    fingerprint: str
    source: Mapping[str, Any]
    control: Mapping[str, Any]
    spam: str | None
    receipt_url: str | None
    conflict_count: int = 0
    state: str = "new"
    starred: bool = False
    labels: tuple[str, ...] = ()
    assignee: str | None = None
    replied_at: datetime | None = None
    version: int = 1
    sealed: Mapping[str, str] = field(default_factory=dict)
    imported_at: datetime | None = None
    file_count: int = 0
    score: int | None = None
    score_model: str | None = None
    score_reasons: Sequence[str] | None = None
    opt_in: bool | None = None
    opted_in_at: datetime | None = None
    opt_in_proof: Mapping[str, Any] | None = None

    @property
    def opt_in_state(self) -> OptInState | None:
        """How far the confirmation of its address has come; None where none was asked for."""
        if self.opted_in_at is not None:
            return "confirmed"
        return "waiting" if self.opt_in else None


def columns(of: ColumnCollection[str, Any] = submissions.c) -> Sequence[ColumnElement[Any]]:
    """Return what `record_of` reads, from all columns of submissions as a query has them."""
    counted = select(func.count()).where(conflicts.c.id == of.id).scalar_subquery()
    return [*(of[one.key] for one in submissions.c), counted.label("conflict_count")]


def as_stored(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a column whose values are as the driver gives them: of many rows few have to be turned into objects."""
    return type_coerce(column, NullType())


def record_of(row: Row[Any]) -> Record:
    """Return the record of a row that begins with `columns`."""
    values = list(_OF_A_RECORD(row))
    values[_LABELS] = tuple(values[_LABELS])
    values[_SEALED] = values[_SEALED] or {}
    return Record(*values)


_NAMES = list(Record.__dataclass_fields__)
_OF_A_RECORD = itemgetter(*[[one.key for one in columns()].index(name) for name in _NAMES])
"""By their places: a page of fifty has a thousand values."""
_LABELS, _SEALED = map(_NAMES.index, ("labels", "sealed"))
