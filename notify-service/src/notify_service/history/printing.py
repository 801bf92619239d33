"""Prints deliveries on a terminal, and as JSON. No address stands whole in a row, so none does here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row

from notify_service.history.words import in_words
from shared.database import iso
from shared.parked.printing import one_line

NOTHING = "no such deliveries"

_HEAD = ("WHEN (UTC)", "FORM", "SUBMISSION", "CHANNEL", "TO", "STATE", "NEXT TRY", "WHY")
_MOST = {"FORM": 24, "TO": 40}


def table(rows: Sequence[Row[Any]]) -> Iterator[str]:
    """Return a table of deliveries, line by line; `WHY` is last, as it may be long."""
    if not rows:
        yield NOTHING
        return
    lines = [_HEAD, *map(_cells, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEAD) - 1)]
    for line in lines:
        yield "  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[-1]]).rstrip()


def document(row: Row[Any]) -> dict[str, Any]:
    """Return a delivery as a JSON object: what the table shows, the class of failure and what the other side said."""
    return {
        "id": str(row.id),
        "submission": str(row.submission_id),
        "form": row.form,
        "channel": row.channel,
        "destination": row.destination_shown,
        "state": row.state,
        "attempts": row.attempts,
        "requested_by": row.requested_by,
        "created_at": iso(row.created_at),
        "changed_at": iso(row.changed_at),
        "next_attempt_at": iso(row.next_attempt_at) if row.next_attempt_at else None,
        "sent_at": iso(row.sent_at) if row.sent_at else None,
        "error": row.last_error,
        "said": row.said,
        "reason": _why(row) or None,
    }


def _cells(row: Row[Any]) -> tuple[str, ...]:
    return (
        _moment(row.changed_at),
        _cut(row.form or "-", _MOST["FORM"]),
        str(row.submission_id),
        row.channel,
        _cut(row.destination_shown or "-", _MOST["TO"]),
        row.state if row.attempts < 2 else f"{row.state} ({row.attempts} tries)",
        _moment(row.next_attempt_at) if row.next_attempt_at else "-",
        one_line(_why(row)),
    )


def _why(row: Row[Any]) -> str:
    return in_words(row.state, row.last_error, row.said or "")


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _cut(text: str, most: int) -> str:
    shown = one_line(text)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"
