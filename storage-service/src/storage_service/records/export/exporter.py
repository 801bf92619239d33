"""Begins an export: decides the columns, and lends the parts of the file one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement

from shared.forms import Forms
from shared.query import Query
from storage_service.records.export.asked import Asked, Format
from storage_service.records.export.columns import Layout, layout_of, layout_of_all
from storage_service.records.export.csv_lines import CsvLines
from storage_service.records.export.json_lines import JsonDocument, JsonLines
from storage_service.records.export.scope import Scope
from storage_service.records.export.survey import SURVEYED, survey
from storage_service.records.export.unsealing import Unseal
from storage_service.records.export.workbook import Workbook
from storage_service.records.search import Records


class Writer(Protocol):
    """Writes one format. `columns` are what it needs of each row; see `Records.batches`."""

    content_type: str
    columns: Sequence[ColumnElement[Any]]

    def chunks(self, batches: Iterable[Sequence[Sequence[Any]]]) -> Iterator[bytes]:
        """Yield the file, a part at a time. Its end says that it is whole, where the format has a place for it."""


@dataclass(frozen=True, slots=True)
class Export:
    """A file that is made while it is read. `expected` is how many rows it will have, None where nobody counted.

    `headers` say more of it. Reading `chunks` raises what `Records` raises; then the file is not whole.
    """

    file_name: str
    content_type: str
    expected: int | None
    chunks: Iterator[bytes]
    headers: Mapping[str, str] = field(default_factory=dict)


class Exporter:
    """Exports the submissions of a database. Safe to use from several threads."""

    def __init__(
        self, records: Records, forms: Forms, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._records = records
        self._forms = forms
        self._clock = clock

    def begin(
        self,
        query: Query | None,
        forms: frozenset[str] | None,
        asked: Asked,
        *,
        me: str | None = None,
        unseal: Unseal | None = None,
    ) -> Export:
        """Return an export of all that was stored by now, newest first; see `Records` for `forms` and `me`.

        With `unseal` what it opens is among the fields; without, sealed fields are empty.
        It looks through all of it where columns have to be found: seconds for a million. Raises as `Records` does.
        """
        scope = Scope(self._records, query, forms, self._clock(), asked.zone, me, unseal)
        layout, expected = self._layout(scope, asked)
        if expected is None and asked.is_counted:
            expected = scope.count()
        writer = _WRITERS[asked.format](layout, asked)
        chunks = writer.chunks(scope.batches(writer.columns))
        return Export(_file_name(scope, asked), writer.content_type, expected, chunks)

    def _layout(self, scope: Scope, asked: Asked) -> tuple[Layout, int | None]:
        """Return the columns, and how many rows there are where that was found out on the way."""
        if asked.columns is not None:
            return layout_of(asked.columns, self._forms, has_labels=asked.has_labels), None
        if asked.format not in _TABLES:
            return Layout((), ()), None
        found = survey(scope.batches(SURVEYED))
        forms = found.forms | scope.named_forms
        return layout_of_all(forms, found.names, self._forms, has_labels=asked.has_labels), found.rows


_WRITERS: Mapping[Format, Callable[[Layout, Asked], Writer]] = {
    "csv": CsvLines,
    "ndjson": JsonLines,
    "json": JsonDocument,
    "xlsx": Workbook,
}
_TABLES = ("csv", "xlsx")


def _file_name(scope: Scope, asked: Asked) -> str:
    """Return a name that may stand in a header as it is: a form's name has no signs that have a meaning there."""
    subject = next(iter(scope.named_forms)) if len(scope.named_forms) == 1 else "submissions"
    return f"{subject}-{scope.now.astimezone(asked.zone):%Y-%m-%d}.{asked.format}"
