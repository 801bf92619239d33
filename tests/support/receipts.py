"""One submission's receipt: its address, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from werkzeug.test import TestResponse

from gateway.receipts.tokens import Ticket, Tokens
from support.gateway_app import SECRET

AT = datetime(2026, 11, 22, 17, 3, 44, 123456, tzinfo=UTC)
LATER = "2026-11-22T17:03:45.000001Z"
PAGE = {"Accept": "text/html"}
TICKET = Ticket(UUID(int=7), "signup", AT, confirmed=True)
SENT: dict[str, Any] = {"channel": "email", "state": "sent", "attempts": 1, "at": LATER}


def path_of(ticket: Ticket) -> str:
    return f"/receipts/{Tokens(SECRET).sign(ticket)}"


def events_of(answer: TestResponse) -> Iterator[dict[str, str]]:
    """Return each event of a stream as its lines' names and values; a comment has the name ''."""
    for block in (part for chunk in answer.iter_encoded() for part in chunk.decode().split("\n\n") if part):
        yield dict(line.split(": ", 1) for line in block.splitlines())
