"""What is found of submissions at once: a page and the ways on from it, and how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storage_service.records.cursors import Cursor, Way
from storage_service.records.record import Record


@dataclass(frozen=True, slots=True)
class Page:
    """Records in order, and the cursors to those beyond both ends; None where there are none.

    A page of `after` always has `next`, also an empty one: ask with it again later. `is_last` says to wait before that.
    """

    rows: Sequence[Record]
    next: Cursor | None = None
    previous: Cursor | None = None
    is_last: bool = True


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are; that many at least, where it is not exact."""

    n: int
    is_exact: bool

    def __str__(self) -> str:
        return f"{self.n:,}" if self.is_exact else f"{self.n:,}+"


def place_of(record: Record, way: Way) -> Cursor:
    """Return the cursor that goes on from a record."""
    return Cursor(way, record.stored_at if way == "stored" else record.accepted_at, record.id)


def ends(rows: Sequence[Record], cursor: Cursor | None) -> tuple[Cursor | None, Cursor | None]:
    """Return the ways on to what is older and to what is newer."""
    if rows:
        return place_of(rows[-1], "older"), place_of(rows[0], "newer")
    return (cursor.on("older"), cursor.on("newer")) if cursor else (None, None)
