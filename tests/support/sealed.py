"""Makes submissions with sealed fields, for tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from shared.contracts import JsonValue, SubmissionAccepted
from shared.sealing import OpeningKey, Sealer, new_key
from support.events import an_event

CANARY = "DE02120300000000202051"
KEY = new_key()


def a_sealed_event(
    sealed: Mapping[str, JsonValue] | None = None,
    *,
    key: OpeningKey = KEY,
    id: UUID | None = None,  # noqa: A002 - as events have it
    form: str = "signup",
    **fields: Any,
) -> SubmissionAccepted:
    """Return an event whose field `iban` is sealed, or those that are given."""
    event = an_event(id=id, form=form, **(fields or {"name": "Ada Lovelace"}))
    values = {"iban": CANARY} if sealed is None else sealed
    return replace(event, sealed=Sealer(key.sealing).seal(form, event.id, values))
