"""Answers a query over the broker: a line about each of some submissions, for the mail that tells of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, Row, Select, select

from shared.contracts import JsonValue
from shared.database import classified, reading
from shared.messaging.broker import Answer, Params, QueryMethod
from storage_service.records.preview import preview
from storage_service.tables import submissions

LINES_MOST = 100
"""How many are asked for at once, at most."""

_ROWS_AT_ONCE = 20
"""How many are in memory: each may have a megabyte of fields."""

_C = submissions.c
_COLUMNS = (_C.id, _C.fields, _C.spam, _C.erased_at, _C.anonymised_at)


class LineQueries:
    """Answers from a transaction that only reads. What is sealed is not among the fields, and is never told."""

    def __init__(self, engine: Engine) -> None:
        self._engine = reading(engine)

    def methods(self) -> Mapping[str, QueryMethod]:
        """Return the method by its name."""
        return {"lines": self.lines}

    def lines(self, params: Params) -> Answer:
        """Answer a line about each submission that is stored.

        {"ids": [100 at most], "only": names of fields or null for all} answers {"lines": [{"id", "state", "who",
        "words"}]}: `who` submitted it, and the first `words` of the rest, either of which may be empty; `state` is
        `good`, or `spam`, or `gone` where it was erased, and of these two nothing else is told. One that is not stored
        yet is not in the answer. Raises ValueError for more ids.
        """
        ids = [UUID(str(one)) for one in params["ids"]]
        if len(ids) > LINES_MOST:
            raise ValueError(f"ids: expected {LINES_MOST} at most")
        only = params.get("only")
        names = None if only is None else {str(one) for one in only}
        found: Select[Any] = select(*_COLUMNS).where(_C.id.in_(ids))
        with classified(), self._engine.connect() as connection:
            rows = connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(found)
            return {"lines": [_line(row, names) for row in rows]}


def _line(row: Row[Any], names: Collection[str] | None) -> dict[str, str]:
    if row.erased_at is not None or row.spam is not None:
        return {"id": str(row.id), "state": "gone" if row.erased_at else "spam", "who": "", "words": ""}
    fields: Mapping[str, JsonValue] = {} if row.anonymised_at else row.fields
    shown = preview({name: value for name, value in fields.items() if names is None or name in names})
    return {"id": str(row.id), "state": "good", "who": shown.who, "words": shown.words}
