"""Says what may be asked of an export."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Literal, TypeAlias

from storage_service.records.export.columns import column_of

Format: TypeAlias = Literal["csv", "ndjson", "json", "xlsx"]

COLUMNS_ASKED_MOST = 1000
"""Columns that may be named in one request."""


class ColumnsError(ValueError):
    """A list of columns that cannot be read. The text may be shown."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How an export is to look.

    `columns` are those to write, in this order; None for all. `zone` is that of the moments in it. `has_bom` puts
    U+FEFF first and `has_labels` the forms' labels on top of the columns, in CSV and XLSX. `is_counted` says that who
    asks wants to know first how many there will be.
    """

    format: Format = "csv"
    columns: tuple[str, ...] | None = None
    zone: tzinfo = UTC
    has_bom: bool = False
    has_labels: bool = False
    is_counted: bool = True


def named_columns(text: str) -> tuple[str, ...]:
    """Read `name,email,"PLZ, Ort"`: one line of CSV. Raises `ColumnsError`."""
    try:
        lines = list(csv.reader([text], strict=True, skipinitialspace=True))
    except csv.Error:
        raise ColumnsError('expected names with commas between, and "…" around a name that has one') from None
    names = tuple(lines[0]) if len(lines) == 1 else ()
    if not names or not all(names):
        raise ColumnsError("expected names with commas between, and none of them empty")
    if len(names) > COLUMNS_ASKED_MOST:
        raise ColumnsError(f"expected at most {COLUMNS_ASKED_MOST:,} names")
    if len(set(map(column_of, names))) < len(names):
        raise ColumnsError("expected each name once")
    return names
