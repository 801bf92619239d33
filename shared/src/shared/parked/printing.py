"""Prints parked messages on a terminal, with every control character escaped."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

REASON_WIDTH = 60
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def listing(entries: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Return a table of messages, line by line."""
    if not entries:
        yield "nothing is parked"
        return
    rows = [("ID", "STATE", "AGE", "TIMES", "BYTES", "REASON", "MESSAGE"), *map(_cells, entries)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def page(entry: dict[str, Any]) -> str:
    """Return one message: what is known of it, its content, and all that happened to it."""
    names = ("id", "message_id", "type", "queue", "reason", "state", "parkings", "parked_at", "size_bytes", "headers")
    lines = [f"{name:<12}{one_line(entry[name])}" for name in names]
    if entry["state"] != "waiting":
        lines.append(
            f"{'by':<12}{one_line(entry['changed_by'])}, {entry['changed_at']}: {one_line(entry['note'] or '-')}"
        )
    cut = ", the beginning; --body writes all" if entry["truncated"] else ""
    lines += ["", f"content ({entry['encoding']}{cut})", *_content(entry), "", "what happened"]
    lines += [
        f"{one['at']}  {one['action']:<10}  {one_line(one['by'] or '-')}  {one_line(one['note'] or '')}".rstrip()
        for one in entry["actions"]
    ]
    return "\n".join(lines)


def one_line(value: object) -> str:
    """Return a value as one line, with escapes for all that could control the terminal."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)


def age(seconds: int) -> str:
    """Return an age in its largest unit: `3 d`, `2 h`, `15 min`, `4 s`."""
    size, unit = next((pair for pair in _UNITS if seconds >= pair[0]), _UNITS[-1])
    return f"{seconds // size} {unit}"


def _cells(entry: dict[str, Any]) -> tuple[str, ...]:
    reason = one_line(entry["reason"])
    return (
        entry["id"],
        entry["state"],
        age(entry["age_s"]),
        str(entry["parkings"]),
        str(entry["size_bytes"]),
        reason if len(reason) <= REASON_WIDTH else f"{reason[: REASON_WIDTH - 1]}…",
        one_line(entry["message_id"]) or "-",
    )


def _content(entry: dict[str, Any]) -> list[str]:
    if entry["encoding"] == "json":
        return [one_line(line) for line in json.dumps(entry["content"], indent=2, ensure_ascii=False).split("\n")]
    return [one_line(line) for line in entry["content"].split("\n")]
