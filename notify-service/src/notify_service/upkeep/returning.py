"""Takes what storage gives back, and publishes it to the queue of its transport."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from notify_service.channels.registry import CHANNELS
from notify_service.planning.handler import Publish
from shared.contracts import DeliveryFound
from shared.messaging.failures import Delivery, PermanentFailure, Results


@dataclass(frozen=True, slots=True)
class PublishFound:
    """Publishes each, as `shared.messaging.failures.Handler`: what was never lost, or comes twice, does no harm."""

    publish: Publish

    def __call__(self, deliveries: Sequence[Delivery[DeliveryFound]]) -> Results:
        """Publish them, and return what came of each; raises `DependencyUnavailable`."""
        known = [one for one in deliveries if one.event.due.channel in CHANNELS]
        self.publish([(one.event.due, one.traceparent) for one in known])
        return [None if one in known else _unknown(one.event.due.channel) for one in deliveries]


def _unknown(channel: str) -> PermanentFailure:
    return PermanentFailure(f"channel {channel[:64]!r} is not known here")
