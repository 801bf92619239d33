"""Takes what is erased: all that is known of it goes, and what comes of it later is dropped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

import structlog

from shared.contracts import SubmissionErased
from shared.failpoints import Reach, ignore
from shared.messaging.failures import Delivery, Results


class Erasures(Protocol):
    """Knows what is erased."""

    def erase(self, moments: Mapping[UUID, datetime], now: datetime) -> None:
        """Note what is erased, and since when, and forget all that is known of it; raises `DependencyUnavailable`."""


@dataclass(frozen=True, slots=True)
class ForgetErased:
    """Forgets each, as `shared.messaging.failures.Handler`; taken twice, or late, without harm.

    All that are at hand are one transaction. `count` is told how many.
    """

    erasures: Erasures
    clock: Callable[[], datetime]
    count: Callable[[int], object]
    reach: Reach = ignore

    def __call__(self, deliveries: Sequence[Delivery[SubmissionErased]]) -> Results:
        """Return what came of each: done. Raises `DependencyUnavailable`."""
        moments = dict[UUID, datetime]()
        for one in deliveries:
            event = one.event
            moments[event.id] = max(event.erased_at, moments.get(event.id, event.erased_at))
        self.reach("before-forget")
        self.erasures.erase(moments, self.clock())
        self.reach("after-forget")
        self.count(len(moments))
        structlog.get_logger().info("forgotten", submissions=len(moments), first=[str(one) for one in [*moments][:5]])
        return [None] * len(deliveries)
