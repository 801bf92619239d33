"""Makes events for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import import_module
from pkgutil import iter_modules
from typing import Any
from uuid import UUID, uuid4

from shared import contracts
from shared.contracts import REGISTRY, JsonValue, SubmissionAccepted, decoder, fingerprint
from shared.contracts.event import Event

ACCEPTED_AT = datetime.now(UTC)
"""By the clock: a service tries for 72 hours, so an event of a fixed day is soon too old for it."""

WRITTEN_AT = datetime(2026, 11, 22, 17, 3, 44, 123456, tzinfo=UTC)
"""For what is compared with a text that has a moment in it, and meets no clock."""

ACCEPTED = decoder(SubmissionAccepted)
"""What a consumer of accepted submissions takes."""


def an_event(*, id: UUID | None = None, form: str = "signup", **fields: Any) -> SubmissionAccepted:  # noqa: A002
    """Return an event of this moment with the given fields, else with a name and an email."""
    values: dict[str, JsonValue] = fields or {"name": "Ada Lovelace", "email": "ada@example.org"}
    return SubmissionAccepted(
        id=id or uuid4(), form=form, accepted_at=ACCEPTED_AT, fields=values, fingerprint=fingerprint(values)
    )


def registered_events() -> dict[str, type[Event]]:
    """Return every event by its type, whoever has imported it so far."""
    for module in iter_modules(contracts.__path__):
        import_module(f"{contracts.__name__}.{module.name}")
    return REGISTRY
