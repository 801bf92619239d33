"""Takes what notify tells of hooks whose addresses want no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from shared.contracts import HookGone
from shared.messaging.failures import Delivery


class Ending(Protocol):
    """Ends hooks."""

    def end_gone(self, told: HookGone) -> bool:
        """End one as it stood then; False where it has ended or changed."""


@dataclass(frozen=True, slots=True)
class EndGone:
    """Ends each hook, as `shared.messaging.failures.Handler`; again, or late, without harm."""

    hooks: Ending

    def __call__(self, deliveries: Sequence[Delivery[HookGone]]) -> None:
        """End a batch of them; raises `DependencyUnavailable` or `PermanentFailure`."""
        for one in deliveries:
            if self.hooks.end_gone(one.event):
                structlog.get_logger().info("hook ended: its address wants no more", hook=str(one.event.id))
