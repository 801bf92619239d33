"""Takes what a table shows of a submission from its row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement

from storage_service.records.export.columns import Layout
from storage_service.records.export.fields import values_of
from storage_service.records.export.meta import FIELDS, Kind, Write, reading, written


class TableRows:
    """Makes the cells of a table: of fields by `write`, of all else by `how`, which says it for each kind.

    A text that begins with none of the signs in `special` is a cell as it is: most are, and so it is quicker. So are
    texts of the kinds in `plain`.
    """

    def __init__(
        self,
        layout: Layout,
        write: Write,
        special: frozenset[str],
        how: Mapping[Kind, Write],
        plain: frozenset[Kind] = frozenset(),
    ) -> None:
        found = reading(layout.metas)
        self.columns: Sequence[ColumnElement[Any]] = found.columns
        """What is to be read for it; see `Records.batches`."""
        self._fields = layout.fields
        self._known = frozenset(layout.fields) if layout.has_others else None
        self._order = layout.order
        self._write, self._special = write, special
        self._metas = [
            (at, written(meta, how), meta.kind in plain and meta.member is None)
            for at, meta in zip(found.places, layout.metas, strict=True)
        ]

    def cells(self, row: Sequence[Any]) -> list[Any]:
        """Return a cell for each column."""
        values, write, special = values_of(row[FIELDS]), self._write, self._special
        found = [
            one if type(one) is str and one[:1] not in special else write(one) for one in map(values.get, self._fields)
        ]
        if self._known is not None:
            others = {name: value for name, value in values.items() if name not in self._known}
            found.append(write(others or None))
        found += [
            one if is_plain and type(one := row[at]) is str and one[:1] not in special else of(row[at])
            for at, of, is_plain in self._metas
        ]
        return found if self._order is None else [found[at] for at in self._order]
