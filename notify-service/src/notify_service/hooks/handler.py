"""Takes what storage tells of hooks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from notify_service.requests.one_by_one import one_by_one
from shared.contracts import HookChanged
from shared.messaging.failures import Delivery, Results


class Taking(Protocol):
    """Keeps hooks."""

    def take(self, told: HookChanged, now: datetime) -> bool:
        """Keep one as it stands; False where that is known, or something newer."""


@dataclass(frozen=True, slots=True)
class TakeHooks:
    """Keeps each hook, as `failures.Handler`; again, late, or out of order, without harm. `changed` is told of news."""

    table: Taking
    changed: Callable[[], None]
    clock: Callable[[], datetime]

    def __call__(self, deliveries: Sequence[Delivery[HookChanged]]) -> Results:
        """Return what came of each; raises `DependencyUnavailable` where nothing came of the first."""
        return one_by_one(deliveries, self._taken)

    def _taken(self, delivery: Delivery[HookChanged]) -> None:
        told = delivery.event
        if self.table.take(told, self.clock()):
            self.changed()
            what = "hook has ended" if told.is_ended else "hook is called from now on"
            structlog.get_logger().info(what, hook=str(told.id), version=told.version)
