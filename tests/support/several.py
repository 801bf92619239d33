"""Several confirmations that a worker is handed at once."""

from __future__ import annotations

from collections.abc import Sequence

from shared.contracts import SubmissionAccepted
from shared.messaging.failures import Delivery, Results
from support.events import an_event
from support.notify_world import World


def some(count: int) -> list[SubmissionAccepted]:
    return [an_event(email=f"ada-{number}@example.org") for number in range(count)]


def handle(world: World, events: Sequence[SubmissionAccepted]) -> Results:
    return world.handler([Delivery(event) for event in events])


def states(world: World, events: Sequence[SubmissionAccepted]) -> list[str]:
    return [shown[0].state if (shown := world.shown(event)) else "" for event in events]
