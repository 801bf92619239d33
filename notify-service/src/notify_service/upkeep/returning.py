"""Takes what storage gives back, and publishes it to the queue of its transport."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from notify_service.channels.registry import CHANNELS
from notify_service.deliveries.erasures import Accepted
from notify_service.planning.handler import Publish
from shared.contracts import DeliveryFound
from shared.messaging.failures import Delivery, PermanentFailure, Results


def _none(_known: Collection[Accepted]) -> Collection[Accepted]:
    return ()


@dataclass(frozen=True, slots=True)
class PublishFound:
    """Publishes each, as `shared.messaging.failures.Handler`: what was never lost, or comes twice, does no harm.

    `erased_among` says which submissions are erased: what is found of them is dropped.
    """

    publish: Publish
    erased_among: Callable[[Collection[Accepted]], Collection[Accepted]] = _none

    def __call__(self, deliveries: Sequence[Delivery[DeliveryFound]]) -> Results:
        """Publish them, and return what came of each; raises `DependencyUnavailable`."""
        known = [one for one in deliveries if one.event.due.channel in CHANNELS]
        gone = self.erased_among([_accepted(one) for one in known])
        self.publish([(one.event.due, one.traceparent) for one in known if _accepted(one) not in gone])
        return [None if one in known else _unknown(one.event.due.channel) for one in deliveries]


def _accepted(delivery: Delivery[DeliveryFound]) -> Accepted:
    submission = delivery.event.due.submission
    return submission.id, submission.accepted_at


def _unknown(channel: str) -> PermanentFailure:
    return PermanentFailure(f"channel {channel[:64]!r} is not known here")
