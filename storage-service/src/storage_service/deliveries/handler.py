"""Takes what notify tells of deliveries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from shared.contracts import DeliverySettled, DeliveryState
from shared.messaging.failures import Delivery


class States(Protocol):
    """Where the states are kept."""

    def record(self, told: Iterable[DeliveryState], now: datetime) -> int:
        """Record what is newer than what is known, and return how many that is."""


@dataclass(frozen=True, slots=True)
class RecordSettled:
    """Records the deliveries of each message, as `shared.messaging.failures.Handler`; again, or late, without harm."""

    states: States
    clock: Callable[[], datetime]

    def __call__(self, deliveries: Sequence[Delivery[DeliverySettled]]) -> None:
        """Record a batch; raises `DependencyUnavailable` or `PermanentFailure`."""
        told = [state for one in deliveries for state in one.event.deliveries]
        recorded = self.states.record(told, self.clock())
        structlog.get_logger().debug("deliveries told", told=len(told), newer=recorded)
