"""A message is what a publisher sends, before any transport sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.contracts.event import Event, type_of

ATTEMPT_HEADER = "x-attempt"
FAILURES_HEADER = "x-failures"
REASON_HEADER = "x-reason"
PARKED_FROM_HEADER = "x-parked-from"
PARKED_FOR_HEADER = "x-parked-for"
PARKED_AT_HEADER = "x-parked-at"
PARKING_HEADER = "x-parking"
"""Names one parking, so that a message that comes twice from the parked queue is told from one parked twice."""

PROBE_TYPE = "probe"
"""The type of a message that says nothing: its publisher wants to know whether it is confirmed."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its type, its id, its body and its headers.

    `routes` says to which queues its type goes, or that its publisher chooses.
    """

    type: str
    id: str
    body: bytes
    headers: Mapping[str, str | int] = field(default_factory=dict)


def message_of(event: Event, *, headers: Mapping[str, str | int] | None = None) -> Message:
    """Return the message that publishes an event for the first time."""
    return Message(type_of(event), str(event.id), event.encode(), {ATTEMPT_HEADER: 0, **(headers or {})})
