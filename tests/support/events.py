"""Makes events for tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from pkgutil import iter_modules
from typing import Any
from uuid import UUID, uuid4

from shared import contracts
from shared.contracts import REGISTRY, JsonValue, SubmissionAccepted, SubmittedFile, decoder, fingerprint
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


def with_files(event: SubmissionAccepted, *files: SubmittedFile) -> SubmissionAccepted:
    """Return the event of a submission that had these files, too; without any with one."""
    having = files or (a_file(),)
    return replace(event, files=having, fingerprint=fingerprint(event.fields, having))


def a_file(*, field: str = "cv", name: str = "cv.pdf", number: int = 1, **others: Any) -> SubmittedFile:
    """Return a file of some bytes, as an event tells of it; nothing lies under its key."""
    key = f"signup/{ACCEPTED_AT:%Y-%m-%d}/{uuid4().hex}/{number}"
    told: dict[str, Any] = {"given": name, "type": "application/pdf", "size": 7, "sha256": "0" * 64, "key": key}
    return SubmittedFile(field=field, name=name, **(told | others))


def registered_events() -> dict[str, type[Event]]:
    """Return every event by its type, whoever has imported it so far."""
    for module in iter_modules(contracts.__path__):
        import_module(f"{contracts.__name__}.{module.name}")
    return REGISTRY
