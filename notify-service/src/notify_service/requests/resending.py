"""Takes requests to send again: records what each asks for, and publishes a message for each delivery."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import structlog

from notify_service.channels.channel import Channel
from notify_service.channels.planned import Key, Planned
from notify_service.channels.routing import routed
from notify_service.deliveries.retries import is_too_old, may_come, put_aside_s, retry_after_s, unknown, unknown_channel
from notify_service.planning.handler import Publish, due_of
from notify_service.planning.planner import waiting
from notify_service.requests.one_by_one import one_by_one
from notify_service.requests.recording import Request
from shared.contracts import DeliveryRequested, SubmissionAccepted
from shared.failpoints import Reach, ignore
from shared.forms import Forms
from shared.messaging.failures import Delivery, PermanentFailure, Results, RetryLater


class Requests(Protocol):
    """Knows what was requested."""

    def record(self, request: Request, planned: Sequence[Planned], now: datetime) -> set[Key]:
        """Record what a request asks for, once, and return the deliveries that a message is to be published for."""


@dataclass(frozen=True, slots=True)
class PlanRequested:
    """Plans each request, as `shared.messaging.failures.Handler`; taken twice, it brings one further send."""

    channels: Mapping[str, Channel]
    forms: Forms
    requests: Requests
    publish: Publish
    clock: Callable[[], datetime]
    reach: Reach = ignore

    def __call__(self, deliveries: Sequence[Delivery[DeliveryRequested]]) -> Results:
        """Return what came of each; raises `DependencyUnavailable` where nothing came of the first."""
        return one_by_one(deliveries, self._planned)

    def _planned(self, delivery: Delivery[DeliveryRequested]) -> RetryLater | None:
        """Plan one. Its form is waited for as a submission's is; raises `PermanentFailure` without its channel."""
        asked, now = delivery.event, self.clock()
        event = replace(asked.submission, spam=None)  # whoever asks for it knows better
        channel, form = self.channels.get(asked.channel), self.forms.get(event.form)
        if channel is None:
            if may_come(asked.requested_at, delivery.attempt, now):
                return RetryLater(unknown_channel(asked.channel), after_s=put_aside_s(delivery.attempt))
            raise PermanentFailure(unknown_channel(asked.channel))
        if form is None and not is_too_old(asked.requested_at, now):
            return RetryLater(unknown(event.form), after_s=retry_after_s(delivery.attempt + 1))
        planned = waiting(event, channel.plan(event, routed(form, event) if form else None))
        keys = self.requests.record(_request(asked), planned, now)
        structlog.get_logger().info(
            f"{asked.channel[:64]} requested", submission=str(event.id), request=str(asked.id), deliveries=len(keys)
        )
        self.reach("after-request")
        self.publish([(due_of(key, event), delivery.traceparent) for key in keys])
        self.reach("after-request-publish")
        return None


def _request(asked: DeliveryRequested) -> Request:
    event: SubmissionAccepted = asked.submission
    return Request(
        asked.id, event.id, event.form, asked.channel, asked.requested_by, asked.delivery_id, event.accepted_at
    )
