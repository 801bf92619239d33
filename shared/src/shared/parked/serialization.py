"""Turns the rows of parked messages into JSON values."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from shared.contracts import Unacceptable, parse
from shared.database import iso

CONTENT_BYTES_MOST = 1024 * 1024
"""How much of a body is shown. An answer is one message, and RabbitMQ takes messages of 16 MiB at most."""


def summary(row: Row[Any], now: datetime) -> dict[str, Any]:
    """Return a message without its content. `age_s` counts from when it was parked last."""
    return {
        "id": row.id,
        "message_id": row.message_id,
        "type": row.type,
        "queue": row.work_queue,
        "kind": row.kind,
        "reason": row.reason,
        "state": row.state,
        "size_bytes": row.size_bytes,
        "parkings": row.parkings,
        "parked_at": iso(row.parked_at),
        "age_s": max(0, int((now - row.parked_at).total_seconds())),
        "changed_at": iso(row.changed_at),
        "changed_by": row.changed_by,
        "note": row.note,
    }


def details(row: Row[Any], now: datetime) -> dict[str, Any]:
    """Return a message with its headers and its content.

    `encoding` says what `content` is: `json` (a value), `text`, or `base64`; the last where it is neither of these,
    or longer than `CONTENT_BYTES_MOST`, of which it then holds the beginning.
    """
    body = bytes(row.body)
    encoding, content = _content(body)
    shown = {"encoding": encoding, "content": content, "truncated": len(body) > CONTENT_BYTES_MOST}
    return summary(row, now) | {"headers": row.headers, **shown}


def action(row: Row[Any]) -> dict[str, Any]:
    """Return one line of the trail."""
    return {"at": iso(row.at), "action": row.action, "by": row.actor, "note": row.note}


def _content(body: bytes) -> tuple[str, Any]:
    if len(body) <= CONTENT_BYTES_MOST:
        try:
            return "json", parse(body)
        except Unacceptable:
            pass
        try:
            return "text", body.decode()
        except UnicodeDecodeError:
            pass
    return "base64", base64.b64encode(body[:CONTENT_BYTES_MOST]).decode("ascii")
