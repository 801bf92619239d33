"""Lists what is known of a submission beside its fields, and from which column of the table each is read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from sqlalchemy import JSON, Column, ColumnElement, Label, Text, cast

from storage_service.records.record import OPT_IN_STATE, as_stored
from storage_service.tables import submissions

_S = submissions.c

Kind: TypeAlias = Literal["id", "text", "moment", "flag", "number", "list"]


@dataclass(frozen=True, slots=True)
class Meta:
    """One of them. `member` is read from a column that is a JSON object. The usual ones are in every table."""

    name: str
    column: Column[Any] | Label[Any]
    kind: Kind = "text"
    member: str | None = None
    is_usual: bool = False


_ALL = (
    Meta("id", _S.id, "id", is_usual=True),
    Meta("form", _S.form, is_usual=True),
    Meta("accepted_at", _S.accepted_at, "moment", is_usual=True),
    Meta("stored_at", _S.stored_at, "moment", is_usual=True),
    Meta("status", _S.state, is_usual=True),
    Meta("starred", _S.starred, "flag", is_usual=True),
    Meta("labels", _S.labels, "list", is_usual=True),
    Meta("assignee", _S.assignee, is_usual=True),
    Meta("spam", _S.spam, is_usual=True),
    Meta("score", _S.score, "number"),
    Meta("replied_at", _S.replied_at, "moment"),
    Meta("version", _S.version, "number"),
    Meta("imported_at", _S.imported_at, "moment"),
    Meta(OPT_IN_STATE.name, OPT_IN_STATE),
    Meta("opted_in_at", _S.opted_in_at, "moment"),
    Meta("receipt_url", _S.receipt_url),
    Meta("fingerprint", _S.fingerprint),
    Meta("reply_to", _S.control, member="reply_to"),
    *(Meta(name, _S.source, member=name) for name in ("ip", "user_agent", "referer", "language")),
)

METAS: Mapping[str, Meta] = {one.name: one for one in _ALL}
"""Each by its name, in the order of a table."""

USUAL = tuple(one for one in _ALL if one.is_usual)

FIELDS = 0
"""Where a row has its fields, as JSON."""

_FIELDS = cast(_S.fields, Text).label("fields")


@dataclass(frozen=True, slots=True)
class Reading:
    """Which columns to read for some of them, and at which place of a row each is."""

    columns: tuple[ColumnElement[Any], ...]
    places: tuple[int, ...]


def reading(metas: Sequence[Meta]) -> Reading:
    """Return what to ask `Records.batches` for: the fields, and each column once, as the driver gives it."""
    needed = {one.column.name: one.column for one in metas}
    names = list(needed)
    places = tuple(FIELDS + 1 + names.index(one.column.name) for one in metas)
    return Reading((_FIELDS, *map(as_read, needed.values())), places)


def as_read(column: Column[Any] | Label[Any]) -> ColumnElement[Any]:
    """Return a column as it is read for an export: JSON as a text, all else as the driver gives it."""
    return (cast(column, Text) if isinstance(column.type, JSON) else as_stored(column)).label(column.name)


Write: TypeAlias = Callable[[Any], Any]


def written(meta: Meta, how: Mapping[Kind, Write]) -> Write:
    """Return what makes of a column's value that which is written; `how` says it for each kind."""
    write, member = how[meta.kind], meta.member
    return write if member is None else lambda value: write(json.loads(value).get(member))
