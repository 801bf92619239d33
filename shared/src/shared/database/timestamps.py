"""Stores moments in UTC with microseconds, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator, TypeEngine


def iso(moment: datetime) -> str:
    """Return an aware moment as `2026-11-22T17:03:44.123456Z`: always of one length, so that text sorts by time."""
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return utc.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


class UtcTimestamp(TypeDecorator[datetime]):
    """`timestamptz` on PostgreSQL; on SQLite, which has no type for it, the text that `iso` makes."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime] | TypeEngine[str]:
        """Return the type that the database at hand has."""
        return Text() if dialect.name == "sqlite" else DateTime(timezone=True)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | str | None:
        """Return what is sent; raises ValueError for a moment without a time zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        return iso(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | str | None, _dialect: Dialect) -> datetime | None:
        """Return what was stored, in UTC."""
        return datetime.fromisoformat(value) if isinstance(value, str) else value
